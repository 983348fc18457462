import { readFileSync, statSync } from 'node:fs';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import { RegistryFileError } from './errors.ts';

export interface WatchedFileOptions<T> {
  path: string;
  /** Throws what is wrong with the content. */
  parse: (content: string) => T;
  clock: Clock;
  logger: Logger;
}

const lookAgainMs = 1000;
const maxBytes = 8 << 20;

/**
 * What a file says, read again when it has changed; looked at once a second at most, and only when it is asked for. A change
 * that cannot be read is logged, once, and what was read before stays in force.
 */
export class WatchedFile<T> {
  readonly #options: WatchedFileOptions<T>;
  #value: T;
  #seen: string;
  #lookedAtMs: number;

  /** Throws `RegistryFileError` when the file cannot be read or parsed. */
  constructor(options: WatchedFileOptions<T>) {
    this.#options = options;
    this.#seen = stateOf(options.path);
    this.#value = read(options);
    this.#lookedAtMs = this.#nowMs();
  }

  get value(): T {
    if (this.#nowMs() - this.#lookedAtMs >= lookAgainMs) this.look();
    return this.#value;
  }

  /** Looks at once. */
  look(): void {
    const { path, logger } = this.#options;
    this.#lookedAtMs = this.#nowMs();
    const seen = stateOf(path);
    if (seen === this.#seen) return;
    this.#seen = seen;
    try {
      this.#value = read(this.#options);
      logger.info('a file of the configuration was read again', { path });
    } catch (error) {
      logger.error('a file of the configuration cannot be read; what it said before stays in force', {
        path,
        reason: errorMessage(error),
      });
    }
  }

  #nowMs(): number {
    return Number(this.#options.clock.nowNs() / 1_000_000n);
  }
}

function read<T>({ path, parse }: WatchedFileOptions<T>): T {
  let content: string;
  try {
    if (statSync(path).size > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`);
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw new RegistryFileError(path, errorMessage(error), error);
  }
  try {
    return parse(content);
  } catch (error) {
    throw new RegistryFileError(path, errorMessage(error));
  }
}

/** Changes whenever the file does, also when it is replaced by one of the same size within the same second. */
function stateOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}
