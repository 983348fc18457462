import { setTimeout as delay } from 'node:timers/promises';
import { type ApiClient, containerStats, listContainers, systemEvents } from '@gantry/client';
import type { Output } from '@gantry/terminal';
import type { StatsEntry } from '../output/stats-rows.ts';

export interface LiveStatsOptions {
  /** Containers that do not run are shown too. */
  all: boolean;
  stdout: Output;
  render(entries: readonly StatsEntry[]): Promise<string>;
}

const refreshMs = 500;
const home = '\u001B[H';
const clearScreen = '\u001B[2J';
const clearLine = '\u001B[K';
const clearBelow = '\u001B[J';

/** A table on the screen that is drawn anew twice a second from a stream for each container. Disposing it ends the streams. */
export class LiveStats implements Disposable {
  readonly #client: ApiClient;
  readonly #options: LiveStatsOptions;
  readonly #entries = new Map<string, StatsEntry>();
  readonly #streams = new Map<string, AbortController>();
  readonly #ending = new AbortController();
  /** New containers come by themselves, as long as the engine tells of them. */
  #followsAll = false;
  #failure: { error: unknown } | undefined;

  constructor(client: ApiClient, options: LiveStatsOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Of the containers named, until they are all gone; of all, as long as the engine runs, if none are. Throws what a stream throws. */
  async run(names: readonly string[]): Promise<void> {
    if (names.length === 0) await this.#followAll();
    for (const name of names) this.#add(name);
    this.#options.stdout.write(clearScreen);
    do {
      await this.#draw();
      await delay(refreshMs);
      if (this.#failure !== undefined) throw this.#failure.error;
    } while (this.#followsAll || this.#streams.size > 0);
    await this.#draw();
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
    for (const stream of this.#streams.values()) stream.abort();
  }

  /** Events first, so that no container slips between the two. */
  async #followAll(): Promise<void> {
    const { all } = this.#options;
    const events = await systemEvents(this.#client, {
      filters: new Map([['type', ['container']]]),
      signal: this.#ending.signal,
    });
    for (const { Id: id = '' } of await listContainers(this.#client, { all })) this.#add(id);
    this.#followsAll = true;
    void this.#guard(async () => {
      for await (const { Action: action, Actor: actor } of events) {
        const id = actor?.ID ?? '';
        if (action === 'start' || (all && action === 'create')) this.#add(id);
        else if (action === 'destroy' || (!all && action === 'die')) this.#remove(id);
      }
      this.#followsAll = false;
    }, this.#ending.signal);
  }

  #add(name: string): void {
    if (this.#streams.has(name)) return;
    const stream = new AbortController();
    const { signal } = stream;
    this.#streams.set(name, stream);
    this.#entries.set(name, [name, undefined]);
    void this.#guard(async () => {
      for await (const sample of await containerStats(this.#client, name, { stream: true, signal })) {
        if (signal.aborted) return;
        this.#entries.set(name, [name, sample]);
      }
      if (!signal.aborted) this.#remove(name);
    }, signal);
  }

  #remove(name: string): void {
    this.#streams.get(name)?.abort();
    this.#streams.delete(name);
    this.#entries.delete(name);
  }

  /** The first failure ends the table; those of what was ended on purpose are none. */
  async #guard(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) this.#failure ??= { error };
    }
  }

  async #draw(): Promise<void> {
    const text = await this.#options.render([...this.#entries.values()]);
    const lines = text.split('\n').map((line) => `${line}${clearLine}`);
    this.#options.stdout.write(`${home}${lines.join('\n')}${clearBelow}`);
  }
}
