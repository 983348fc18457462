import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';

/** A UDP socket for one receiver. What the network or the receiver loses is lost, as with UDP everywhere. */
export class DatagramConnection implements Disposable {
  readonly #socket: Socket;
  readonly #address: string;
  readonly #port: number;

  private constructor(socket: Socket, address: string, port: number) {
    this.#socket = socket;
    this.#address = address;
    this.#port = port;
  }

  /** Rejects when the name cannot be resolved. */
  static async open(host: string, port: number): Promise<DatagramConnection> {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.on('error', () => {});
    socket.unref();
    return new DatagramConnection(socket, address, port);
  }

  /** Resolves when the kernel took it, or lost it. */
  send(datagram: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.send(datagram, this.#port, this.#address, () => resolve());
    });
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
