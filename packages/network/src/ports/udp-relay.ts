import { createSocket, type RemoteInfo, type Socket, type SocketType } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { RelayTarget } from './port-relay.ts';

/** As long as the kernel remembers a stream of datagrams (`nf_conntrack_udp_timeout_stream`). */
const idleMs = 120_000;
/** The client that was heard first goes when one more comes. */
const mostClients = 1024;

interface Client {
  /** Talks with the container for this client alone. */
  socket: Socket;
  idle: NodeJS.Timeout;
}

/** Hands datagrams on, and the answers back, in this process. */
export class UdpRelay implements Disposable {
  readonly #server: Socket;
  readonly #clients = new Map<string, Client>();
  #target: RelayTarget | undefined;

  /** Takes over `descriptor`, a bound socket of that type. `onFailure` learns when it cannot. */
  constructor(
    { type, descriptor }: { type: SocketType; descriptor: number },
    onFailure: (error: Error) => void,
  ) {
    this.#server = createSocket(type);
    this.#server.on('error', onFailure);
    this.#server.on('message', (datagram, sender) => this.#forward(datagram, sender));
    this.#server.bind({ fd: descriptor });
  }

  set target(target: RelayTarget | undefined) {
    this.#target = target;
    for (const key of this.#clients.keys()) this.#forget(key);
  }

  /** Forgets all clients and gives the port back. */
  [Symbol.dispose](): void {
    this.target = undefined;
    this.#server.close();
  }

  #forward(datagram: Buffer, sender: RemoteInfo): void {
    if (this.#target === undefined) return;
    const client = this.#clientOf(sender, this.#target);
    client.idle.refresh();
    client.socket.send(datagram, this.#target.port, this.#target.address);
  }

  #clientOf(sender: RemoteInfo, { address, port }: RelayTarget): Client {
    const key = `${sender.address} ${sender.port}`;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#clients.size >= mostClients ? this.#clients.keys() : [];
    if (oldest !== undefined) this.#forget(oldest);
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.on('error', () => this.#forget(key));
    socket.on('message', (answer, from) => {
      if (from.address === address && from.port === port)
        this.#server.send(answer, sender.port, sender.address);
    });
    const client = { socket, idle: setTimeout(() => this.#forget(key), idleMs).unref() };
    this.#clients.set(key, client);
    return client;
  }

  #forget(key: string): void {
    const client = this.#clients.get(key);
    if (client === undefined) return;
    this.#clients.delete(key);
    clearTimeout(client.idle);
    client.socket.close();
  }
}
