import type { Clock, Logger } from '@gantry/base';
import type { Collection, MetadataStore } from '@gantry/state';
import { Container } from '../container.ts';
import { AmbiguousContainerError, ContainerNameInUseError, ContainerNotFoundError } from '../errors.ts';
import type { ContainerDirectories } from './container-directories.ts';
import { type ContainerRecord, containerRecordVersion } from './container-record.ts';
import { type ContainerChange, settled, transition } from './container-state.ts';
import { migrateRecord } from './migrate-record.ts';

export interface ContainerRegistryOptions {
  store: MetadataStore;
  directories: ContainerDirectories;
  clock: Clock;
  logger: Logger;
}

/**
 * All containers, in memory by id and name, and durable. What is read never waits; what is changed survives `kill -9` when
 * the call returns, and a power cut then too, or, where that is said, once `synced` resolves: the event loop need not wait
 * for the disk, and changes of many containers share one sync. Changes of one container are made while its lock is held.
 */
export class ContainerRegistry {
  readonly #options: ContainerRegistryOptions;
  readonly #collection: Collection<ContainerRecord>;
  readonly #byId = new Map<string, Container>();
  /** Name to id; a name is also here while its container is being made. */
  readonly #idByName = new Map<string, string>();
  /** Removed, and still stored: a start-up pass would finish their removal again. */
  readonly #forgotten = new Set<string>();

  constructor(options: ContainerRegistryOptions) {
    this.#options = options;
    this.#collection = options.store.collection<ContainerRecord>('containers', {
      version: containerRecordVersion,
      migrate: migrateRecord,
    });
  }

  /** What is stored, whether it is sound or not. */
  stored(): { key: string; document: unknown }[] {
    return this.#collection.entries();
  }

  /** Newest first. */
  list(): Container[] {
    return [...this.#byId.values()].sort((a, b) =>
      a.record.createdAt < b.record.createdAt ? 1 : a.record.createdAt > b.record.createdAt ? -1 : 0,
    );
  }

  /** The containers that have a link to that one. */
  *linkedTo(id: string): Generator<Container, void, undefined> {
    for (const container of this.#byId.values()) {
      const { links } = container.record.network;
      if (links !== undefined && Object.values(links).includes(id)) yield container;
    }
  }

  get(id: string): Container | undefined {
    return this.#byId.get(id);
  }

  /** By id, name (with or without slash), or unique id prefix. Throws `ContainerNotFoundError`, `AmbiguousContainerError`. */
  find(ref: string): Container {
    const named = this.#idByName.get(ref.replace(/^\//, ''));
    const exact = this.#byId.get(ref) ?? (named === undefined ? undefined : this.#byId.get(named));
    if (exact !== undefined) return exact;
    const matches = /^[0-9a-f]+$/.test(ref) ? [...this.#byId.keys()].filter((id) => id.startsWith(ref)) : [];
    if (matches.length > 1) throw new AmbiguousContainerError(ref);
    const found = this.#byId.get(matches[0] ?? '');
    if (found === undefined) throw new ContainerNotFoundError(ref);
    return found;
  }

  /** As `find`; undefined when there is none, or more than one. */
  tryFind(ref: string): Container | undefined {
    try {
      return this.find(ref);
    } catch (error) {
      if (error instanceof ContainerNotFoundError || error instanceof AmbiguousContainerError)
        return undefined;
      throw error;
    }
  }

  /** Holds `name` for a container that is being made. Throws `ContainerNameInUseError`. */
  reserveName(name: string, id: string): void {
    const holder = this.#idByName.get(name);
    if (holder !== undefined && holder !== id) throw new ContainerNameInUseError(name, holder);
    this.#idByName.set(name, id);
  }

  /** Gives back what `reserveName` held; nothing when the container was added, or another holds the name. */
  releaseName(name: string, id: string): void {
    if (this.#idByName.get(name) === id && this.#byId.get(id)?.name !== name) this.#idByName.delete(name);
  }

  isNameFree(name: string): boolean {
    return !this.#idByName.has(name);
  }

  /** Resolves when every change made before survives a power cut. Rejects when the disk fails. */
  async synced(): Promise<void> {
    await this.#options.store.synced();
  }

  /** Stores a new container, to be `synced`; `alongside` is stored in the same transaction. Its name was reserved. */
  add(record: ContainerRecord, alongside: () => void): Container {
    const container = this.#makeContainer(record);
    this.#put(record, { alongside, sync: 'later' });
    this.#index(container);
    return container;
  }

  /** Takes in a container that is stored already. Throws `ContainerNameInUseError`. */
  adopt(record: ContainerRecord): Container {
    this.reserveName(record.name, record.id);
    const container = this.#makeContainer(record);
    this.#index(container);
    return container;
  }

  /** Changes facts of the record, durably. */
  update(container: Container, facts: Partial<Omit<ContainerRecord, 'id' | 'state'>>): void {
    this.#save(container, { ...container.record, ...facts }, 'now');
  }

  /** The change's transition and further facts, in one durable step. */
  apply(
    container: Container,
    change: ContainerChange,
    facts: Partial<Omit<ContainerRecord, 'id' | 'state'>> = {},
  ): void {
    const state = transition(container.state, change);
    this.#save(container, { ...container.record, ...facts, state }, 'now');
  }

  /** As `apply`, to be `synced`. */
  applySoon(
    container: Container,
    change: ContainerChange,
    facts: Partial<Omit<ContainerRecord, 'id' | 'state'>> = {},
  ): void {
    const state = transition(container.state, change);
    this.#save(container, { ...container.record, ...facts, state }, 'later');
  }

  /** A transition that need not survive the engine: it only raises a flag, or is implied by what is stored. */
  applyInMemory(container: Container, change: ContainerChange): void {
    container.record = { ...container.record, state: transition(container.state, change) };
  }

  rename(container: Container, name: string): void {
    this.reserveName(name, container.id);
    const before = container.name;
    try {
      this.update(container, { name });
    } finally {
      this.releaseName(container.name === name ? before : name, container.id);
    }
  }

  /**
   * Forgets the container. Its document, from which a start-up pass would finish the removal, goes with the next change
   * of any container, or now when there is something to store `alongside`, in one transaction that is to be `synced`.
   */
  remove(container: Container, alongside: (() => void) | undefined): void {
    this.#forgotten.add(container.id);
    if (alongside !== undefined) {
      const work = (): void => {
        this.#deleteForgotten();
        alongside();
      };
      this.#options.store.transaction(work, { sync: 'later' });
      this.#forgotten.clear();
    }
    this.#byId.delete(container.id);
    if (this.#idByName.get(container.name) === container.id) this.#idByName.delete(container.name);
  }

  /** Deletes the documents of containers that were removed. */
  flush(): void {
    if (this.#forgotten.size === 0) return;
    this.#options.store.transaction(() => this.#deleteForgotten());
    this.#forgotten.clear();
  }

  #save(container: Container, record: ContainerRecord, sync: 'now' | 'later'): void {
    this.#put({ ...record, state: settled(record.state) }, { sync });
    container.record = record;
  }

  #put(
    record: ContainerRecord,
    { alongside, sync }: { alongside?: () => void; sync: 'now' | 'later' },
  ): void {
    const work = (): void => {
      this.#deleteForgotten();
      this.#collection.put(record.id, record);
      alongside?.();
    };
    this.#options.store.transaction(work, { sync });
    this.#forgotten.clear();
  }

  #deleteForgotten(): void {
    for (const id of this.#forgotten) this.#collection.delete(id);
  }

  #makeContainer(record: ContainerRecord): Container {
    const { directories, clock, logger } = this.#options;
    return new Container(record, { directory: directories.pathOf(record.id), clock, logger });
  }

  #index(container: Container): void {
    this.#byId.set(container.id, container);
    this.#idByName.set(container.name, container.id);
  }
}
