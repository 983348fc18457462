import type { ContainerProcess } from '@gantry/runtime';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { eventStepNs } from '../events/event-hub.ts';
import { hasEnded } from '../lifecycle/has-ended.ts';
import { isActive } from '../state/container-state.ts';
import { parseTimestamp } from '../state/timestamps.ts';
import { readToldActions, type ToldActions } from './told-actions.ts';

/** What the start-up pass finds of the runs that an earlier engine began, and how far that one had come with their ends. */
export class FoundRuns {
  /** Of containers that run, or ended while nobody took note. */
  readonly processes: Map<Container, ContainerProcess> = new Map();
  readonly #environment: ContainerEnvironment;
  readonly #lastToldNs: bigint;
  /** Their ends are recorded, but what the runs held was not given back. */
  readonly #recorded = new Set<Container>();
  #told: (id: string) => ToldActions = () => new Set();

  /** Before anything is told by this engine. */
  constructor(environment: ContainerEnvironment) {
    this.#environment = environment;
    this.#lastToldNs = environment.events.lastNs;
  }

  /** Takes back a run that has left a trace, or removes the trace when its end is recorded. */
  async take(container: Container): Promise<void> {
    const { runtime } = this.#environment.ports;
    const process = await runtime.adopt(container.id);
    if (process === undefined) return;
    if (!endIsRecorded(container, process)) {
      this.processes.set(container, process);
      return;
    }
    this.#recorded.add(container);
    await runtime.remove(container.id);
  }

  /** After the last `take`. */
  async learnWhatWasTold(): Promise<void> {
    const ending = this.#environment.registry.list().filter((container) => this.#mayHaveBeenTold(container));
    this.#told = await readToldActions(this.#environment.events, new Set(ending.map(({ id }) => id)));
  }

  /** What was told of the container's last run, where that is in question; nothing of others. */
  told({ id }: Container): ToldActions {
    return this.#told(id);
  }

  /** True when the run's end was recorded or told: only what it held, and what was not told, is left to do. */
  isOver(container: Container): boolean {
    return this.#recorded.has(container) || (removesItself(container) && this.told(container).has('die'));
  }

  /** A start is recorded and told in one go: the engine died in between when nothing at all was told since. */
  startIsTold({ state }: Container): boolean {
    return isActive(state) && parseTimestamp(state.last.startedAt) < this.#lastToldNs + eventStepNs;
  }

  #mayHaveBeenTold(container: Container): boolean {
    const { status } = container.state;
    if (status === 'removing' || status === 'dead' || this.#recorded.has(container)) return true;
    if (!removesItself(container)) return false;
    return !this.processes.has(container) || hasEnded(this.#environment, container);
  }
}

/** The end of one that removes itself is told and never recorded. */
function removesItself({ record }: Container): boolean {
  return record.hostConfig.AutoRemove === true;
}

/** A process that began after the last recorded end belongs to a further run. */
function endIsRecorded({ state }: Container, { startedAt }: ContainerProcess): boolean {
  if (isActive(state) || state.last.finishedAt === '') return false;
  return parseTimestamp(state.last.finishedAt) >= BigInt(startedAt.getTime()) * 1_000_000n;
}
