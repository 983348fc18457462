import { openSocket } from '@gantry/client';
import type { CommandHandler } from '../../invocation.ts';

/** `gantry system dial-stdio`: a raw connection to the engine over our stdin and stdout, with half-close both ways. */
export const dialStdioCommand: CommandHandler = async ({ engine }) => {
  const client = await engine();
  await client.ping();
  const socket = await openSocket(client.address);
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
  await new Promise<void>((resolve, reject) => {
    socket.once('end', resolve);
    socket.once('error', reject);
  });
  return 0;
};
