import { connect, createServer, type Server, type Socket } from 'node:net';
import type { RelayTarget } from './port-relay.ts';

/** Hands TCP connections on, byte by byte, in this process. */
export class TcpRelay implements Disposable {
  target: RelayTarget | undefined;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  /** Takes over `descriptor`, a bound socket, and listens. `onFailure` learns when it cannot. */
  constructor(descriptor: number, onFailure: (error: Error) => void) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#relay(client));
    this.#server.on('error', onFailure);
    this.#server.listen({ fd: descriptor });
  }

  /** Ends all connections and gives the port back. */
  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  #relay(client: Socket): void {
    if (this.target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const { address, port } = this.target;
    const container = connect({ host: address, port, allowHalfOpen: true });
    for (const [from, to] of [
      [client, container],
      [container, client],
    ] as const) {
      this.#open.add(from);
      from.setNoDelay(true);
      from.pipe(to);
      from.on('error', () => to.resetAndDestroy());
      from.on('close', (failed) => {
        this.#open.delete(from);
        if (failed) to.destroy();
      });
    }
  }
}
