import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

export type StreamAddress =
  | { kind: 'tcp'; host: string; port: number }
  | { kind: 'tls'; host: string; port: number; options: ConnectionOptions }
  | { kind: 'unix'; path: string };

const connectTimeoutMs = 10_000;

/** A byte stream to a receiver; once it broke, every write is refused. */
export class StreamConnection implements Disposable {
  readonly #socket: Socket;
  #failure: Error | undefined;
  #onData: ((data: Buffer) => void) | undefined;
  #onFailure: ((error: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const fail = (error: Error): void => {
      this.#failure ??= error;
      this.#onFailure?.(this.#failure);
    };
    socket.on('error', fail);
    socket.on('end', () => fail(new Error('the receiver closed the connection')));
    socket.on('close', () => fail(new Error('the connection was closed')));
    socket.on('data', (data: Buffer) => this.#onData?.(data));
  }

  /** Rejects when the receiver cannot be reached within ten seconds. */
  static async open(address: StreamAddress, signal: AbortSignal): Promise<StreamConnection> {
    const socket = dial(address);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timeout = AbortSignal.timeout(connectTimeoutMs);
    const abandon = (): void => reject(new Error('the receiver could not be reached in time'));
    socket.once(address.kind === 'tls' ? 'secureConnect' : 'connect', resolve);
    socket.once('error', reject);
    signal.addEventListener('abort', abandon, { once: true });
    timeout.addEventListener('abort', abandon, { once: true });
    try {
      await promise;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', abandon);
      timeout.removeEventListener('abort', abandon);
    }
    socket.setKeepAlive(true, 60_000);
    socket.unref();
    return new StreamConnection(socket);
  }

  /** Resolves when the kernel took it all. Rejects when the connection is broken, or takes nothing for `timeoutMs`. */
  write(bytes: Uint8Array, timeoutMs?: number): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const late = (): void => {
        this.#socket.destroy(new Error(`the receiver took nothing for ${timeoutMs} ms`));
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
      timer?.unref();
      this.#socket.write(bytes, (error) => {
        clearTimeout(timer);
        if (error) reject(this.#failure ?? error);
        else resolve();
      });
    });
  }

  /** What the receiver says goes to `onData`, the end of the connection to `onFailure`; one listener at a time. */
  listen(onData: (data: Buffer) => void, onFailure: (error: Error) => void): void {
    this.#onData = onData;
    this.#onFailure = onFailure;
    if (this.#failure !== undefined) onFailure(this.#failure);
  }

  [Symbol.dispose](): void {
    this.#socket.end();
    this.#socket.destroySoon();
  }
}

function dial(address: StreamAddress): Socket {
  if (address.kind === 'unix') return connectPlain({ path: address.path });
  const { host, port } = address;
  return address.kind === 'tcp'
    ? connectPlain({ host, port })
    : connectTls({ ...address.options, host, port });
}
