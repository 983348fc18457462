import type { Duplex } from 'node:stream';
import type { Clock } from '@gantry/base';

/**
 * Ends our half, reads and drops what still comes, and closes when the client has closed too, or `lingerMs` after
 * everything was sent. Closing at once would reset the connection and could take the last bytes with it.
 */
export async function closeGently(socket: Duplex, clock: Clock, lingerMs: number): Promise<void> {
  if (socket.destroyed) return;
  socket.resume();
  const closed = new AbortController();
  socket.once('close', () => closed.abort());
  socket.end();
  await sent(socket);
  if (!socket.readableEnded) {
    socket.once('end', () => socket.destroy());
    await clock.sleep(lingerMs, closed.signal).catch(() => {});
  }
  socket.destroy();
}

function sent(socket: Duplex): Promise<void> {
  if (socket.writableFinished || socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => socket.once('finish', resolve).once('close', resolve));
}
