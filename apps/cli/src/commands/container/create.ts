import type { CommandHandler } from '../../invocation.ts';
import { createFromFlags } from '../../streams/create-container.ts';

/** `gantry create`. */
export const createCommand: CommandHandler = async (invocation) => {
  const { id } = await createFromFlags(invocation);
  invocation.stdout.write(`${id}\n`);
  return 0;
};
