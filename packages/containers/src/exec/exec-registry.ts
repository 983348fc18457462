import type { Collection, MetadataStore } from '@gantry/state';
import type { Container } from '../container.ts';
import { ExecNotFoundError } from '../errors.ts';
import { type Exec, type ExecRecord, execRecordVersion } from './exec.ts';

/** Ended execs that a container keeps; a container that is looked into every second must not grow for ever. */
const keptExecs = 128;

/** All execs by id, in memory and durable, so that a restarted engine still knows them. */
export class ExecRegistry {
  readonly #collection: Collection<ExecRecord>;
  readonly #byId = new Map<string, Exec>();

  constructor(store: MetadataStore) {
    // A power cut ends them all, and whoever asked for them.
    this.#collection = store.collection<ExecRecord>('execs', { version: execRecordVersion, lasts: 'boot' });
  }

  /** Throws `ExecNotFoundError`. */
  find(id: string): Exec {
    const exec = this.#byId.get(id);
    if (exec === undefined) throw new ExecNotFoundError(id);
    return exec;
  }

  /** Adds a new exec, durably. */
  add(container: Container, exec: Exec): void {
    this.save(exec);
    this.take(container, exec);
    for (const old of container.execs.values()) {
      if (container.execs.size <= keptExecs) break;
      if (old.phase !== 'ended') continue;
      this.#byId.delete(old.id);
      container.execs.delete(old.id);
      this.#collection.delete(old.id);
    }
  }

  /** Takes in an exec that is stored. */
  take(container: Container, exec: Exec): void {
    this.#byId.set(exec.id, exec);
    container.execs.set(exec.id, exec);
  }

  /** Notes durably how far an exec is. */
  save({ id, containerId, request, phase, exitCode }: Exec): void {
    this.#collection.put(id, {
      id,
      containerId,
      request,
      ...(phase === 'created' && { created: true }),
      ...(exitCode !== undefined && { exitCode }),
    });
  }

  /** Forgets the execs of a container that is removed. */
  forget(container: Container): void {
    for (const { id } of container.execs.values()) {
      this.#byId.delete(id);
      this.#collection.delete(id);
    }
    container.execs.clear();
  }

  /** What is stored, at start-up. */
  stored(): ExecRecord[] {
    return this.#collection.entries().map(({ document }) => document);
  }

  /** Forgets a stored exec that no container has. */
  drop(id: string): void {
    this.#collection.delete(id);
  }
}
