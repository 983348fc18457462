import { apiStatus } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { createFromFlags } from '../../streams/create-container.ts';

/** `gantry create`. */
export const createCommand: CommandHandler = async (invocation) => {
  const { id } = await createFromFlags(invocation).catch((error: unknown) => {
    // Unlike `run`, whose exit codes are the container's.
    if (error instanceof Error && apiStatus(error) !== undefined) Object.assign(error, { exitCode: 1 });
    throw error;
  });
  invocation.stdout.write(`${id}\n`);
  return 0;
};
