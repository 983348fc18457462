import type { Collection, MetadataStore } from '@gantry/state';
import type { Container } from '../container.ts';
import { ExecNotFoundError } from '../errors.ts';
import { Exec, type ExecRecord, execRecordVersion } from './exec.ts';

/** Ended execs that a container keeps; a container that is looked into every second must not grow for ever. */
const keptExecs = 128;
/** Exit code of an exec that ran when its engine ended: nobody saw its end. */
const unknownExitCode = 137;

/** All execs by id, in memory; those that were started are durable too, so that a restarted engine still knows them. */
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

  add(container: Container, exec: Exec): void {
    this.#byId.set(exec.id, exec);
    container.execs.set(exec.id, exec);
    for (const old of container.execs.values()) {
      if (container.execs.size <= keptExecs) break;
      if (old.phase !== 'ended') continue;
      this.#byId.delete(old.id);
      container.execs.delete(old.id);
      this.#collection.delete(old.id);
    }
  }

  /** Notes durably that an exec runs, or ended. */
  save({ id, containerId, request, exitCode }: Exec): void {
    this.#collection.put(id, { id, containerId, request, ...(exitCode !== undefined && { exitCode }) });
  }

  /** Forgets the execs of a container that is removed. */
  forget(container: Container): void {
    for (const { id } of container.execs.values()) {
      this.#byId.delete(id);
      this.#collection.delete(id);
    }
    container.execs.clear();
  }

  /** At start-up: execs of earlier engines are known as ended; those of containers that are gone are forgotten. */
  restore(findContainer: (id: string) => Container | undefined): void {
    for (const { key, document } of this.#collection.entries()) {
      const container = findContainer(document.containerId);
      if (container === undefined) {
        this.#collection.delete(key);
        continue;
      }
      const exec = new Exec(document);
      exec.phase = 'ended';
      exec.exitCode = document.exitCode ?? unknownExitCode;
      this.#byId.set(exec.id, exec);
      container.execs.set(exec.id, exec);
    }
  }
}
