import { EventEmitter } from 'node:events';
import type { Connection } from './connection.ts';
import { findPipeBindings, type PipeBindings, type PipeHandle, type PipeRequest } from './pipe-bindings.ts';

/**
 * A connection to a Unix socket without `node:net` and the streams below it, which a program that has just begun loads in
 * 3 ms and compiles in two more: a tenth of `gantry run`. Undefined where this Node.js does not offer what it stands on.
 */
export function connectPipe(path: string): Connection | undefined {
  const bindings = findPipeBindings();
  return bindings === undefined ? undefined : new PipeConnection(bindings, path);
}

/** Written and not sent: beyond it `write` asks for patience. */
const highWaterBytes = 64 * 1024;

class PipeConnection extends EventEmitter implements Connection {
  destroyed = false;
  writable = true;
  readonly #bindings: PipeBindings;
  readonly #handle: PipeHandle;
  #connecting = true;
  /** How a write failed before it was connected; 0 when none did. */
  #lostWrite = 0;
  #paused = false;
  #readEnded = false;
  #writeEnded = false;
  #unsentBytes = 0;
  #corked: Uint8Array[] | undefined;

  constructor(bindings: PipeBindings, path: string) {
    super();
    this.#bindings = bindings;
    this.#handle = new bindings.Pipe(bindings.socketKind);
    this.#handle.onread = (data) => this.#onRead(data);
    const request = new bindings.PipeConnectWrap();
    request.oncomplete = (status) => this.#onConnected(status);
    const status = this.#handle.connect(request, path);
    if (status !== undefined && status < 0) process.nextTick(() => this.#onConnected(status));
  }

  write(data: string | Uint8Array): boolean {
    if (this.destroyed || !this.writable) return false;
    if (this.#corked !== undefined) {
      this.#corked.push(typeof data === 'string' ? Buffer.from(data) : data);
      return true;
    }
    const request = new this.#bindings.WriteWrap();
    const status =
      typeof data === 'string'
        ? this.#handle.writeUtf8String(request, data)
        : this.#handle.writeBuffer(request, data);
    return this.#sent(request, status, { held: data, sizeBytes: data.length });
  }

  cork(): void {
    this.#corked ??= [];
  }

  uncork(): void {
    const held = this.#corked ?? [];
    this.#corked = undefined;
    if (held.length === 0 || this.destroyed) return;
    const request = new this.#bindings.WriteWrap();
    const sizeBytes = held.reduce((sum, { length }) => sum + length, 0);
    this.#sent(request, this.#handle.writev(request, held, true), { held, sizeBytes });
  }

  end(): void {
    if (!this.writable) return;
    this.writable = false;
    const request = new this.#bindings.ShutdownWrap();
    request.oncomplete = () => {
      this.#writeEnded = true;
      this.#closeWhenOver();
    };
    if (this.#handle.shutdown(request) < 0 && !this.#connecting) this.destroy();
  }

  destroy(error?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.writable = false;
    this.#handle.close(() => {
      if (error !== undefined) this.emit('error', error);
      this.emit('close');
    });
  }

  pause(): void {
    this.#paused = true;
    if (!this.#connecting && !this.destroyed) this.#handle.readStop();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#connecting && !this.destroyed && !this.#readEnded) this.#handle.readStart();
  }

  isPaused(): boolean {
    return this.#paused;
  }

  ref(): this {
    this.#handle.ref();
    return this;
  }

  unref(): this {
    this.#handle.unref();
    return this;
  }

  #onConnected(status: number): void {
    if (this.destroyed) return;
    if (status < 0) {
      this.destroy(systemError(status, 'connect'));
      return;
    }
    this.#connecting = false;
    if (this.#lostWrite < 0) {
      this.destroy(systemError(this.#lostWrite, 'write'));
      return;
    }
    if (!this.#paused) this.#handle.readStart();
    this.emit('connect');
  }

  #onRead(data: ArrayBuffer | undefined): void {
    const { state, readBytesOrError, bufferOffset } = this.#bindings;
    const count = state[readBytesOrError] ?? 0;
    if (this.destroyed || count === 0) return;
    if (count > 0 && data !== undefined) {
      this.emit('data', Buffer.from(data, state[bufferOffset], count));
      return;
    }
    if (count !== endOfFile) {
      this.destroy(systemError(count, 'read'));
      return;
    }
    this.#readEnded = true;
    this.#handle.readStop();
    this.emit('end');
    this.#closeWhenOver();
  }

  /** True when there is room for more. */
  #sent(
    request: PipeRequest,
    status: number,
    { held, sizeBytes }: { held: unknown; sizeBytes: number },
  ): boolean {
    const { state, lastWriteWasAsync } = this.#bindings;
    if (status < 0) {
      // Of a connection that fails, the reason is told by its own request, in the next turn.
      if (this.#connecting) this.#lostWrite = status;
      else this.destroy(systemError(status, 'write'));
      return false;
    }
    if (state[lastWriteWasAsync] === 0) return true;
    this.#unsentBytes += sizeBytes;
    request.held = held;
    request.oncomplete = (later) => {
      this.#unsentBytes -= sizeBytes;
      if (later < 0) this.destroy(systemError(later, 'write'));
      else if (this.#unsentBytes === 0) this.emit('drain');
    };
    return this.#unsentBytes < highWaterBytes;
  }

  #closeWhenOver(): void {
    if (this.#readEnded && this.#writeEnded) this.destroy();
  }
}

/** libuv's UV_EOF. */
const endOfFile = -4095;

function systemError(status: number, syscall: string): NodeJS.ErrnoException {
  const code = process.getBuiltinModule('node:util').getSystemErrorName(status);
  return Object.assign(new Error(`${syscall} ${code}`), { errno: status, code, syscall });
}
