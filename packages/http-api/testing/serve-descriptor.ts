/** Serves descriptor 3 until SIGTERM: a program of its own, for the test of inherited sockets. */
import { errorMessage } from '@gantry/base';
import { startTestServer } from './test-server.ts';

const { server, ...rest } = await startTestServer();
try {
  await server.listen({ kind: 'fd', fd: 3 });
  process.stdout.write('listening\n');
  process.once('SIGTERM', () => void rest[Symbol.asyncDispose]().then(() => process.exit(0)));
} catch (error) {
  process.stdout.write(`${errorMessage(error)}\n`);
  await rest[Symbol.asyncDispose]();
}
