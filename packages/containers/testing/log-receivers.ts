import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Descriptor, isErrno, UnixDatagramSocket } from '@gantry/kernel';

/** Takes whatever a log driver sends, so that a test can wait for it. */
export interface LogReceiver extends AsyncDisposable {
  readonly port: number;
  /** What came so far: for each datagram one, for streams one for each connection. */
  readonly received: readonly Buffer[];
  /** Resolves with all that came, as soon as `enough` says so of it. */
  until(enough: (received: readonly Buffer[]) => boolean): Promise<readonly Buffer[]>;
}

/** On a TCP port (0: any) or a unix socket; `answer` gets all that came on a connection so far, and may write back. */
export async function receiveStream(
  place: number | string = 0,
  answer: (received: Buffer, socket: Socket) => void = () => {},
  server: Server = createServer(),
): Promise<LogReceiver> {
  const inbox = new Inbox();
  const sockets = new Set<Socket>();
  server.on(connectionEvent(server), (socket: Socket) => {
    sockets.add(socket);
    const index = inbox.received.push(Buffer.alloc(0)) - 1;
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      const whole = Buffer.concat([inbox.received[index] ?? Buffer.alloc(0), data]);
      inbox.received[index] = whole;
      answer(whole, socket);
      inbox.tell();
    });
  });
  if (typeof place === 'number') server.listen(place, '127.0.0.1');
  else server.listen(place);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    received: inbox.received,
    until: (enough) => inbox.until(enough),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** On a UDP port of the loopback interface. */
export async function receiveDatagrams(): Promise<LogReceiver> {
  const inbox = new Inbox();
  const socket = createSocket('udp4');
  socket.on('message', (data) => {
    inbox.received.push(data);
    inbox.tell();
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    received: inbox.received,
    until: (enough) => inbox.until(enough),
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** On a datagram socket of the file system, which nothing can wait for: it is looked at every few milliseconds. */
export function receiveUnixDatagrams(path: string): LogReceiver {
  const inbox = new Inbox();
  const socket = UnixDatagramSocket.bind(path);
  const ending = new AbortController();
  const looking = (async () => {
    while (!ending.signal.aborted) {
      for (let data = socket.receive(); data !== undefined; data = socket.receive()) {
        inbox.received.push(data);
        inbox.tell();
      }
      await delay(5);
    }
  })();
  return {
    port: 0,
    received: inbox.received,
    until: (enough) => inbox.until(enough),
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await looking;
      socket[Symbol.dispose]();
    },
  };
}

/** The file that comes with the next datagram. */
export async function receiveFile(socket: UnixDatagramSocket): Promise<Descriptor> {
  for (;;) {
    try {
      const file = socket.receiveFile();
      if (file !== undefined) return file;
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) throw error;
    }
    await delay(5);
  }
}

class Inbox {
  readonly received: Buffer[] = [];
  #tell: () => void = () => {};

  tell(): void {
    this.#tell();
  }

  async until(enough: (received: readonly Buffer[]) => boolean): Promise<readonly Buffer[]> {
    while (!enough(this.received)) await new Promise<void>((resolve) => (this.#tell = resolve));
    return this.received;
  }
}

function connectionEvent(server: Server): string {
  return 'setSecureContext' in server ? 'secureConnection' : 'connection';
}
