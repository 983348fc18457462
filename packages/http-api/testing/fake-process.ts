import type { AttachOptions } from '@gantry/api-types';
import { BoundedQueue } from '@gantry/base';
import type { AttachSession, OutputFrame } from '../src/index.ts';

/** What one subscriber may leave unread; a test that reads less gets an error instead of a hang. */
const subscriberBytes = 64 * 1024 * 1024;

type Program = (process: FakeProcess, argv: readonly string[]) => Promise<number> | number;

/**
 * A process that is none: programs in this one, enough to play every stream of the API.
 * `echo`, `warn` (to stderr), `both` (one word to each), `cat`, `exit N`, `sleep` (until a signal), `size` (prints the console's rows and columns).
 */
export class FakeProcess {
  readonly terminal: boolean;
  readonly output: OutputFrame[] = [];
  readonly exited: Promise<number>;
  size: { rows: number; columns: number } | undefined;
  readonly #subscribers = new Set<BoundedQueue<OutputFrame>>();
  readonly #input = new BoundedQueue<Uint8Array>(subscriberBytes, (chunk) => chunk.length);
  #argv: readonly string[];
  readonly #signalled = Promise.withResolvers<number>();
  readonly #onJoined: (() => void)[] = [];
  readonly #onLeft: (() => void)[] = [];
  #begin: () => void = () => {};

  constructor(argv: readonly string[], options: { terminal: boolean }) {
    this.#argv = argv;
    this.terminal = options.terminal;
    const begun = new Promise<void>((resolve) => (this.#begin = resolve));
    this.exited = begun.then(() => this.#run());
  }

  begin(): void {
    this.#begin();
  }

  /** Ends it before it ever ran. */
  fail(): void {
    this.#argv = [];
    this.#begin();
  }

  get input(): AsyncIterable<Uint8Array> {
    return this.#input;
  }

  get signalled(): Promise<number> {
    return this.#signalled.promise;
  }

  print(text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    const frame: OutputFrame = {
      stream: this.terminal ? 'stdout' : stream,
      data: Buffer.from(this.terminal ? text.replaceAll('\n', '\r\n') : text),
    };
    this.output.push(frame);
    for (const subscriber of this.#subscribers) subscriber.push(frame);
  }

  write(data: Uint8Array): void {
    this.#input.push(data);
  }

  endInput(): void {
    this.#input.end();
  }

  kill(signalNumber: number): void {
    this.#signalled.resolve(128 + signalNumber);
  }

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Resolves when somebody is attached or follows. */
  async subscriberJoined(): Promise<void> {
    if (this.#subscribers.size === 0) await new Promise<void>((resolve) => this.#onJoined.push(resolve));
  }

  /** Resolves when nobody is attached or follows. */
  async subscriberLeft(): Promise<void> {
    if (this.#subscribers.size > 0) await new Promise<void>((resolve) => this.#onLeft.push(resolve));
  }

  /** Output from now on, or from the start; ends with the process or with `signal`. */
  follow(options: { replay: boolean; stream: boolean; signal: AbortSignal }): BoundedQueue<OutputFrame> {
    const queue = new BoundedQueue<OutputFrame>(subscriberBytes, (frame) => frame.data.length);
    if (options.replay) for (const frame of this.output) queue.push(frame);
    if (!options.stream) {
      queue.end();
      return queue;
    }
    this.#subscribers.add(queue);
    for (const joined of this.#onJoined.splice(0)) joined();
    const end = (): void => {
      this.#subscribers.delete(queue);
      queue.end();
      if (this.#subscribers.size === 0) for (const left of this.#onLeft.splice(0)) left();
    };
    void this.exited.then(end);
    options.signal.addEventListener('abort', end, { once: true });
    return queue;
  }

  /** A client at the process's streams. With `endsInput` the end of its input is the end of the process's. */
  attach(options: AttachOptions, { endsInput }: { endsInput: boolean }): AttachSession {
    const queue = this.follow({ replay: options.logs, stream: options.stream, signal: options.signal });
    return {
      terminal: this.terminal,
      output: only(queue, options),
      close: () => queue.end(),
      ...(options.stdin
        ? {
            input: {
              write: async (data: Uint8Array) => this.write(data),
              end: () => {
                if (endsInput) this.endInput();
              },
            },
          }
        : {}),
    };
  }

  async #run(): Promise<number> {
    const [name = '', ...rest] = this.#argv;
    const program = programs[name];
    const code = program === undefined ? 127 : await program(this, rest);
    return code;
  }
}

async function* only(
  frames: AsyncIterable<OutputFrame>,
  options: { stdout: boolean; stderr: boolean },
): AsyncGenerator<OutputFrame> {
  for await (const frame of frames) {
    if (frame.stream === 'stderr' ? options.stderr : options.stdout) yield frame;
  }
}

const programs: Readonly<Record<string, Program>> = {
  echo: (process, words) => {
    process.print(`${words.join(' ')}\n`);
    return 0;
  },
  warn: (process, words) => {
    process.print(`${words.join(' ')}\n`, 'stderr');
    return 0;
  },
  both: (process, [out, err]) => {
    process.print(`${out ?? ''}\n`);
    process.print(`${err ?? ''}\n`, 'stderr');
    return 0;
  },
  cat: async (process) => {
    for await (const chunk of process.input) process.print(Buffer.from(chunk).toString());
    return 0;
  },
  exit: (_process, [code]) => Number(code ?? 0),
  sleep: (process) => process.signalled,
  size: (process) => {
    process.print(`${process.size?.rows ?? 0} ${process.size?.columns ?? 0}\n`);
    return 0;
  },
};

/** True when `argv` names a program. */
export function isProgram(argv: readonly string[]): boolean {
  return programs[argv[0] ?? ''] !== undefined;
}
