import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorMessage } from '@gantry/base';
import { type CgroupUsage, type CgroupUsageReader, type MachineCpu, readMachineCpu } from '@gantry/kernel';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { networkOwner } from '../lifecycle/joined-namespaces.ts';
import { isActive } from '../state/container-state.ts';
import { Latest } from './latest.ts';
import type { StatsPair, StatsSample } from './stats-sample.ts';

const intervalMs = 1000;
/** A sample this young is left to stand: differences over less are noise. */
const youngMs = 500;
/** Containers that are looked at before others get their turn. */
const atOnce = 10;

/**
 * Looks at the containers that somebody reads, once a second, however many readers there are. It reads small files of the
 * kernel and waits for no process: a container that hangs costs what any other does.
 */
export class StatsSampler {
  readonly #environment: ContainerEnvironment;
  readonly #watched = new Map<string, WatchedContainer>();
  #running = false;

  constructor(environment: ContainerEnvironment) {
    this.#environment = environment;
  }

  /** One look, now. */
  sampleOnce(container: Container): StatsSample {
    using watched = new WatchedContainer(this.#environment, container);
    return watched.look(this.#surroundings());
  }

  /** A first sample at once, then one a second until the container is removed, `signal` aborts or the reader leaves. */
  watch(container: Container, signal: AbortSignal): AsyncIterable<StatsPair> {
    const watched = this.#watchedFor(container);
    const leave = (): void => {
      signal.removeEventListener('abort', end);
      watched.readers.delete(reader);
      if (watched.readers.size > 0) return;
      watched[Symbol.dispose]();
      if (this.#watched.get(container.id) === watched) this.#watched.delete(container.id);
    };
    const reader = new Latest<StatsPair>(leave);
    const end = (): void => reader.end();
    watched.readers.add(reader);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const { at } = watched.last ?? {};
    const isFresh = at !== undefined && this.#environment.clock.now().getTime() - at.getTime() < intervalMs;
    const sample = isFresh && watched.last !== undefined ? watched.last : watched.look(this.#surroundings());
    reader.put({ sample, previous: undefined });
    if (!this.#running) void this.#run();
    return reader;
  }

  #watchedFor(container: Container): WatchedContainer {
    const known = this.#watched.get(container.id);
    if (known !== undefined) return known;
    const watched = new WatchedContainer(this.#environment, container);
    this.#watched.set(container.id, watched);
    return watched;
  }

  async #run(): Promise<void> {
    const { clock, closing, logger } = this.#environment;
    this.#running = true;
    try {
      while (this.#watched.size > 0) {
        await clock.sleep(intervalMs, closing);
        await this.#tick();
      }
    } catch (error) {
      if (!closing.aborted) logger.error('statistics stopped', { error: errorMessage(error) });
    } finally {
      this.#running = false;
      for (const { readers } of this.#watched.values()) for (const reader of readers) reader.end();
    }
  }

  async #tick(): Promise<void> {
    const surroundings = this.#surroundings();
    let count = 0;
    for (const watched of this.#watched.values()) {
      watched.tick(surroundings);
      count += 1;
      if (count % atOnce === 0) await nextTurn();
    }
  }

  #surroundings(): Surroundings {
    const { clock, ports } = this.#environment;
    return { at: clock.now(), machine: readMachineCpu(), traffic: ports.network.traffic() };
  }
}

/** What is the same for all containers of one tick. */
interface Surroundings {
  at: Date;
  machine: MachineCpu;
  traffic: ReturnType<ContainerEnvironment['ports']['network']['traffic']>;
}

/** One container that is looked at, and those who read it. */
class WatchedContainer implements Disposable {
  readonly readers: Set<Latest<StatsPair>> = new Set();
  last: StatsSample | undefined;
  readonly #environment: ContainerEnvironment;
  readonly #container: Container;
  #reader: CgroupUsageReader | undefined;

  constructor(environment: ContainerEnvironment, container: Container) {
    this.#environment = environment;
    this.#container = container;
  }

  look({ at, machine, traffic }: Surroundings): StatsSample {
    const owner = networkOwner(this.#environment, this.#container);
    const sample = { at, usage: this.#usage(), machine, traffic: traffic.get(owner.id) };
    this.last = sample;
    return sample;
  }

  tick(surroundings: Surroundings): void {
    const { registry } = this.#environment;
    if (registry.get(this.#container.id) !== this.#container) {
      for (const reader of this.readers) reader.end();
      return;
    }
    const previous = this.last;
    if (previous !== undefined && surroundings.at.getTime() - previous.at.getTime() < youngMs) return;
    const pair = { sample: this.look(surroundings), previous };
    for (const reader of this.readers) reader.put(pair);
  }

  [Symbol.dispose](): void {
    this.#reader?.[Symbol.dispose]();
    this.#reader = undefined;
  }

  /** Undefined while it does not run; the next run has a cgroup of its own. */
  #usage(): CgroupUsage | undefined {
    if (!isActive(this.#container.state)) {
      this[Symbol.dispose]();
      return undefined;
    }
    try {
      this.#reader ??= this.#environment.ports.runtime.usage(this.#container.id);
    } catch {
      // It has ended, and nobody has recorded that yet.
      return undefined;
    }
    const usage = this.#reader.read();
    if (usage === undefined) this[Symbol.dispose]();
    return usage;
  }
}
