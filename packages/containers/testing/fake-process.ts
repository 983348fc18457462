import type {
  ContainerProcess,
  DurableOutput,
  ExitStatus,
  OutputChunk,
  OutputPosition,
  ProcessInput,
  TerminalSize,
} from '@gantry/runtime';

interface StoredChunk extends OutputChunk {
  before: OutputPosition;
}

/** Output kept in memory until it is released; read again from any position that is not. */
class FakeOutput implements DurableOutput {
  released: OutputPosition = { stdout: 0, stderr: 0 };
  #chunks: StoredChunk[] = [];
  #end: OutputPosition = { stdout: 0, stderr: 0 };
  #closed = false;
  #wake: (() => void)[] = [];

  write(stream: 'stdout' | 'stderr', data: Uint8Array): void {
    const before = this.#end;
    const position = { ...before, [stream]: before[stream] + data.length };
    this.#chunks.push({ stream, data, position, before });
    this.#end = position;
    this.#notify();
  }

  close(): void {
    this.#closed = true;
    this.#notify();
  }

  async *read(from: OutputPosition): AsyncGenerator<OutputChunk, void, undefined> {
    for (let index = 0; ; ) {
      const chunk = this.#chunks[index];
      if (chunk === undefined) {
        if (this.#closed) return;
        await new Promise<void>((resolve) => this.#wake.push(resolve));
        continue;
      }
      index += 1;
      const skip = Math.max(0, from[chunk.stream] - chunk.before[chunk.stream]);
      if (skip < chunk.data.length) {
        yield { stream: chunk.stream, data: chunk.data.subarray(skip), position: chunk.position };
      }
    }
  }

  release(upTo: OutputPosition): void {
    this.released = upTo;
  }

  #notify(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

/** A process that is none: a test writes its output and ends it. */
export class FakeProcess implements ContainerProcess {
  readonly pid: number;
  readonly args: readonly string[];
  readonly startedAt: Date = new Date();
  readonly output: FakeOutput = new FakeOutput();
  readonly stdin: ProcessInput | undefined;
  readonly exited: Promise<ExitStatus>;
  readonly received: string[] = [];
  /** Signals that do not end it. */
  readonly ignoredSignals: Set<number> = new Set();
  readonly signals: number[] = [];
  inputEnded = false;
  hasEnded = false;
  size: TerminalSize | undefined;
  #finish: (status: ExitStatus) => void = () => {};
  #listeners: (() => void)[] = [];
  #inputListeners: (() => void)[] = [];

  constructor(
    pid: number,
    args: readonly string[],
    options: { stdin: boolean; size: TerminalSize | undefined },
  ) {
    this.pid = pid;
    this.args = args;
    this.size = options.size;
    this.exited = new Promise((resolve) => (this.#finish = resolve));
    this.stdin = options.stdin ? this.#makeInput() : undefined;
  }

  print(text: string | Uint8Array, stream: 'stdout' | 'stderr' = 'stdout'): void {
    this.output.write(stream, typeof text === 'string' ? Buffer.from(text) : text);
  }

  end(
    exitCode: number,
    { outOfMemory = false, at = new Date() }: { outOfMemory?: boolean; at?: Date } = {},
  ): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.output.close();
    this.#finish({ exitCode, outOfMemory, at });
  }

  signal(number: number): void {
    this.signals.push(number);
    if (!this.ignoredSignals.has(number)) this.end(128 + number);
  }

  runOutOfMemory(): void {
    for (const listener of this.#listeners) listener();
  }

  resize(size: TerminalSize): void {
    this.size = size;
  }

  onOutOfMemory(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Resolves when so much input has come, or the input ended. */
  async input(text: string): Promise<void> {
    while (this.received.join('') !== text) {
      await new Promise<void>((resolve) => this.#inputListeners.push(resolve));
    }
  }

  async inputEnd(): Promise<void> {
    while (!this.inputEnded) await new Promise<void>((resolve) => this.#inputListeners.push(resolve));
  }

  #makeInput(): ProcessInput {
    const notify = (): void => {
      for (const listener of this.#inputListeners.splice(0)) listener();
    };
    return {
      write: (data) => {
        this.received.push(Buffer.from(data).toString());
        notify();
        return Promise.resolve();
      },
      end: () => {
        this.inputEnded = true;
        notify();
      },
    };
  }
}
