/** Node's own wrapping of libuv's pipes, on which `node:net` stands as well. */
export interface PipeBindings {
  readonly Pipe: new (kind: number) => PipeHandle;
  readonly PipeConnectWrap: new () => PipeRequest;
  readonly WriteWrap: new () => PipeRequest;
  readonly ShutdownWrap: new () => PipeRequest;
  readonly socketKind: number;
  /** What the last call has to say beside its result, at the places that follow. */
  readonly state: Int32Array;
  readonly readBytesOrError: number;
  readonly bufferOffset: number;
  readonly lastWriteWasAsync: number;
}

/** Results are 0 or libuv's negative error numbers; `oncomplete` is called unless one is returned. */
export interface PipeHandle {
  onread: (data: ArrayBuffer | undefined) => void;
  connect(request: PipeRequest, path: string): number | undefined;
  readStart(): number;
  readStop(): number;
  writeUtf8String(request: PipeRequest, text: string): number;
  writeBuffer(request: PipeRequest, bytes: Uint8Array): number;
  writev(request: PipeRequest, chunks: readonly Uint8Array[], allBuffers: true): number;
  shutdown(request: PipeRequest): number;
  close(done: () => void): void;
  ref(): void;
  unref(): void;
}

/** `held` are bytes that must live until it is done. */
export interface PipeRequest {
  oncomplete: (status: number) => void;
  held?: unknown;
}

/**
 * What `process.binding` has of it: no public interface, so each part is looked at, and undefined tells that this Node.js has
 * none, or another one. Its deprecation, which Node.js tells where `--pending-deprecation` asks for it, is not the user's concern.
 */
export function findPipeBindings(): PipeBindings | undefined {
  const quiet = process.noDeprecation;
  try {
    process.noDeprecation = true;
    const { binding } = process as unknown as { binding(this: void, name: string): Record<string, unknown> };
    const { Pipe, PipeConnectWrap, constants } = binding('pipe_wrap');
    const { WriteWrap, ShutdownWrap, streamBaseState: state, ...places } = binding('stream_wrap');
    const found = {
      Pipe,
      PipeConnectWrap,
      WriteWrap,
      ShutdownWrap,
      socketKind: (constants as { SOCKET?: unknown }).SOCKET,
      state,
      readBytesOrError: places['kReadBytesOrError'],
      bufferOffset: places['kArrayBufferOffset'],
      lastWriteWasAsync: places['kLastWriteWasAsync'],
    };
    return isWhole(found) ? found : undefined;
  } catch {
    return undefined;
  } finally {
    if (quiet === undefined) delete process.noDeprecation;
    else process.noDeprecation = quiet;
  }
}

function isWhole(found: Readonly<Record<keyof PipeBindings, unknown>>): found is PipeBindings & typeof found {
  const { Pipe, PipeConnectWrap, WriteWrap, ShutdownWrap, state, ...numbers } = found;
  return (
    [Pipe, PipeConnectWrap, WriteWrap, ShutdownWrap].every((each) => typeof each === 'function') &&
    Object.values(numbers).every((each) => typeof each === 'number') &&
    state instanceof Int32Array
  );
}
