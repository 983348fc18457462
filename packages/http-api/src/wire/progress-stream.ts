import type { ProgressMessage } from '@gantry/api-types';
import { EngineError, errorMessage } from '@gantry/base';
import type { Exchange } from '../server/exchange.ts';
import { beginStream } from '../server/respond.ts';

/** Lines held for a client that does not read; older progress of the same thing is replaced, never queued behind. */
const maxHeldLines = 10_000;

/**
 * Runs work that reports progress, as a stream of JSON objects separated by CRLF. Nothing is sent before the first
 * message, so a failure until then is thrown (and becomes an ordinary error response); a later one is the last object.
 */
export async function streamProgress(
  exchange: Exchange,
  work: (onProgress: (message: ProgressMessage) => void) => Promise<void>,
): Promise<void> {
  const writer = new ProgressWriter(exchange);
  try {
    await work((message) => writer.write(message));
  } catch (error) {
    if (!writer.begun) throw error;
    exchange.logger.info('request failed after its answer had begun', { error });
    const message = errorMessage(error);
    writer.write({ errorDetail: { ...exitCodeOf(error), message }, error: message });
  }
  writer.end();
}

/** The exit code of the command that failed, which Docker's clients end with too. */
function exitCodeOf(error: unknown): { code?: number } {
  const code = error instanceof EngineError ? error.details['exitCode'] : undefined;
  return typeof code === 'number' ? { code } : {};
}

class ProgressWriter {
  readonly #exchange: Exchange;
  /** Lines that wait for the client, by what they are about. */
  readonly #held = new Map<string, string>();
  #serial = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    exchange.response.on('drain', () => this.#release());
  }

  get begun(): boolean {
    return this.#exchange.response.headersSent;
  }

  write(message: ProgressMessage): void {
    const { response } = this.#exchange;
    if (response.destroyed || response.writableEnded) return;
    if (!this.begun) beginStream(this.#exchange, 'application/json');
    const line = `${JSON.stringify(message)}\r\n`;
    if (!response.writableNeedDrain && this.#held.size === 0) response.write(line);
    else this.#hold(message, line);
  }

  end(): void {
    const { response } = this.#exchange;
    if (response.destroyed) return;
    if (!this.begun) beginStream(this.#exchange, 'application/json');
    response.end([...this.#held.values()].join(''));
    this.#held.clear();
  }

  #hold(message: ProgressMessage, line: string): void {
    this.#serial += 1;
    const isProgress = message.progressDetail !== undefined && message.id !== undefined;
    const key = isProgress ? `${message.id} ${message.status ?? ''}` : `#${this.#serial}`;
    if (this.#held.size < maxHeldLines || this.#held.has(key)) this.#held.set(key, line);
    else if (!isProgress) {
      const oldest = this.#held.keys().next().value;
      if (oldest !== undefined) this.#held.delete(oldest);
      this.#held.set(key, line);
    }
  }

  #release(): void {
    const { response } = this.#exchange;
    if (response.destroyed || response.writableEnded || this.#held.size === 0) return;
    const lines = [...this.#held.values()].join('');
    this.#held.clear();
    response.write(lines);
  }
}
