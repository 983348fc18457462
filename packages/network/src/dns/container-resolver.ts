import { createSocket, type Socket as DatagramSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import { type BoundSocket, bindSocket, closeDescriptor, withNetworkNamespace } from '@gantry/kernel';
import { type AnswerSources, answerMessage } from './answerer.ts';
import { redirectQuestions, resolverAddress } from './redirect.ts';
import type { ResolverSandbox } from './resolver-host.ts';
import { serveStream } from './serve-stream.ts';
import { Forwarder, type Transport } from './upstream/forwarder.ts';

/** A burst of questions waits here while the event loop is busy: some thousands. */
const receiveBytes = 1024 * 1024;
/** Answers that the kernel does not take: beyond this they are dropped, as packets are. */
const longestSendQueueBytes = 1024 * 1024;
const mostConnections = 128;

/** The resolver inside one network namespace: a UDP socket, a listening TCP socket, and the rules that lead to them. */
export class ContainerResolver implements Disposable {
  readonly namespacePath: string;
  /** Resolves when questions by TCP are answered too; those by UDP are from the start. */
  readonly listening: Promise<void>;
  readonly #datagrams: DatagramSocket;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly #forwarder: Forwarder;
  #sources: AnswerSources | undefined;
  #closed = false;

  /** Throws a `KernelError`, and leaves nothing but perhaps the rules. */
  constructor(namespacePath: string, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.namespacePath = namespacePath;
    this.#forwarder = new Forwarder(namespacePath, { clock, logger });
    const { udp, tcp } = withNetworkNamespace(namespacePath, openSockets);
    this.#datagrams = createSocket({
      type: 'udp4',
      // Clients are told by their addresses: there is nothing to look up.
      lookup: (address, _options, callback) => callback(null, address, 4),
    });
    this.#datagrams.on('message', (message, client) => this.#onDatagram(message, client));
    this.#datagrams.on('error', (error) => logger.warn('DNS by UDP', { error: errorMessage(error) }));
    this.#datagrams.bind({ fd: udp.fd, exclusive: true });
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#onConnection(socket));
    this.#server.maxConnections = mostConnections;
    this.#server.on('error', (error) => logger.warn('DNS by TCP', { error: errorMessage(error) }));
    this.#server.listen({ fd: tcp.fd });
    this.listening = once(this.#server, 'listening').then(() => {});
  }

  /** What questions are answered by from now on. */
  use({ names, upstream, forwards, keepsSingleLabels }: ResolverSandbox): void {
    this.#forwarder.use({ servers: upstream, throughHost: forwards });
    this.#sources = { names, keepsSingleLabels, forwarder: this.#forwarder };
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#datagrams.close();
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
    this.#forwarder[Symbol.dispose]();
  }

  #answer(message: Buffer, transport: Transport): Buffer | Promise<Buffer> | undefined {
    return this.#sources && answerMessage(message, transport, this.#sources);
  }

  #onDatagram(message: Buffer, client: RemoteInfo): void {
    const answer = this.#answer(message, 'udp');
    if (answer instanceof Promise) void answer.then((later) => this.#send(later, client));
    else if (answer !== undefined) this.#send(answer, client);
  }

  #send(answer: Buffer, { address, port }: RemoteInfo): void {
    if (this.#closed || this.#datagrams.getSendQueueSize() > longestSendQueueBytes) return;
    // A client that is gone by now is no error of ours.
    this.#datagrams.send(answer, port, address, () => {});
  }

  #onConnection(socket: Socket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    serveStream(socket, (message) => this.#answer(message, 'tcp'));
  }
}

/** In the container's namespace. */
function openSockets(): { udp: BoundSocket; tcp: BoundSocket } {
  const opened: number[] = [];
  try {
    const udp = bindSocket('udp', resolverAddress, 0, { receiveBytes });
    opened.push(udp.fd);
    const tcp = bindSocket('tcp', resolverAddress, 0);
    opened.push(tcp.fd);
    redirectQuestions({ udp: udp.port, tcp: tcp.port });
    return { udp, tcp };
  } catch (error) {
    for (const fd of opened) closeDescriptor(fd);
    throw error;
  }
}
