/**
 * Sends bytes over TCP as fast as they go, or takes them. `serve <port>` prints `ready` and takes what comes;
 * `send <address> <port> <milliseconds>` prints how many megabytes a second it sent.
 */
import { connect, createServer } from 'node:net';

const [mode = '', ...args] = process.argv.slice(2);

if (mode === 'serve') {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(Number(args[0]), '0.0.0.0', () => process.stdout.write('ready\n'));
} else {
  const [address = '', port = '', milliseconds = ''] = args;
  const socket = connect(Number(port), address);
  const chunk = Buffer.alloc(1 << 20);
  socket.on('connect', () => {
    const started = performance.now();
    const send = (): void => {
      while (performance.now() - started < Number(milliseconds)) {
        if (!socket.write(chunk)) {
          socket.once('drain', send);
          return;
        }
      }
      const seconds = (performance.now() - started) / 1000;
      process.stdout.write(`${(socket.bytesWritten - socket.writableLength) / 1e6 / seconds}\n`);
      socket.destroy();
    };
    send();
  });
}
