import type { Connection } from './connection.ts';
import { connectPlain, type PlainAddress } from './open-socket.ts';

/** Far below the time that a server gives a connection to say something. */
const longestIdleSeconds = 5;

/**
 * Connections that are opened while an answer is awaited, for the requests that will follow it: opening one takes a
 * millisecond of a program that has just begun. One that fails, or is not taken soon, is as if it had never been; none keeps
 * the process open.
 */
export class SpareSockets {
  readonly #spares = new Map<Connection, { openedAtSeconds: number; drop: () => void }>();

  open(address: PlainAddress, count: number): void {
    for (let opened = 0; opened < count; opened += 1) {
      const socket = connectPlain(address);
      const drop = (): void => {
        this.#spares.delete(socket);
        socket.destroy();
      };
      for (const event of endings) socket.on(event, drop);
      socket.unref();
      this.#spares.set(socket, { openedAtSeconds: process.uptime(), drop });
    }
  }

  /** One that nothing was sent on yet, connected or about to be; it belongs to the caller. */
  take(): Connection | undefined {
    for (const [socket, { openedAtSeconds, drop }] of this.#spares) {
      if (process.uptime() - openedAtSeconds > longestIdleSeconds) {
        drop();
        continue;
      }
      this.#spares.delete(socket);
      for (const event of endings) socket.off(event, drop);
      socket.ref();
      return socket;
    }
    return undefined;
  }
}

const endings = ['error', 'end', 'close'] as const;
