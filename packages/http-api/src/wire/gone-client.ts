import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '@gantry/base';

/**
 * Finds out whether a client is still there whom we are not reading, or who has closed its half: neither tells by itself.
 * Writing nothing at all is enough on a unix socket: the kernel answers EPIPE once the peer is closed (unix(7); tried on
 * Linux 6.18), and a live peer sees nothing. The error closes the socket. (On TCP nothing happens: there keep-alive
 * notices.) Asks at once, at the client's half-close, and every `intervalMs`, until the socket is closed.
 */
export async function probeClient(socket: Duplex, clock: Clock, intervalMs: number): Promise<void> {
  const closed = new AbortController();
  const ask = (): void => {
    if (socket.writableLength === 0 && socket.writable) socket.write(Buffer.alloc(0));
  };
  socket.once('close', () => closed.abort());
  socket.once('end', ask);
  while (!closed.signal.aborted && socket.writable) {
    ask();
    await clock.sleep(intervalMs, closed.signal).catch(() => {});
  }
}

/** True for a unix socket. */
export function isLocal(socket: Duplex): boolean {
  return socket instanceof Socket && socket.remoteFamily === undefined;
}
