import type { ExecProcess } from '@gantry/runtime';
import type { OutputFrame } from '../attach/output-frame.ts';
import type { OutputSubscription } from '../attach/output-subscription.ts';

/** So much is kept for a client that may come; of more the oldest goes. */
const keptBytes = 1024 * 1024;

/**
 * The output of a process whose client was lost with its engine: it is kept for the next client, and never holds the
 * process up. One client at a time gets what is kept and then what comes.
 */
export class KeptOutput {
  #frames: OutputFrame[] = [];
  #bytes = 0;
  #client: OutputSubscription | undefined;
  #ended = false;

  constructor(process: ExecProcess, wants: (stream: 'stdout' | 'stderr') => boolean) {
    void this.#take(process, wants);
  }

  /** False while another client has it. */
  attach(client: OutputSubscription): boolean {
    if (this.#client !== undefined) return false;
    for (const frame of this.#frames.splice(0)) void client.push(frame);
    this.#bytes = 0;
    if (this.#ended) client.end();
    else this.#client = client;
    return true;
  }

  /** The client has gone: what comes is kept again. */
  detach(client: OutputSubscription): void {
    if (this.#client === client) this.#client = undefined;
  }

  async #take(process: ExecProcess, wants: (stream: 'stdout' | 'stderr') => boolean): Promise<void> {
    try {
      for await (const frame of process.output) {
        if (!wants(frame.stream)) continue;
        if (this.#client === undefined) this.#keep(frame);
        else await this.#client.push(frame);
      }
      // A client asks for the exit code as soon as the output ends.
      await process.exited;
    } catch {
      // The runtime lets go of it: the next engine takes it up.
    } finally {
      this.#ended = true;
      this.#client?.end();
      this.#client = undefined;
    }
  }

  #keep(frame: OutputFrame): void {
    this.#frames.push(frame);
    this.#bytes += frame.data.length;
    while (this.#bytes > keptBytes) this.#bytes -= this.#frames.shift()?.data.length ?? this.#bytes;
  }
}
