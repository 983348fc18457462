import type { CommitOptions, ContainerPathStat, FilesystemChange } from '@gantry/api-types';
import type { Digest } from '@gantry/oci';
import { commitContainer } from '../commit/commit-container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { containerChanges } from './container-changes.ts';
import { exportContainer, type PathArchive, readContainerPath, statContainerPath } from './read-archive.ts';
import { type WriteOptions, writeContainerPath } from './write-archive.ts';

/**
 * The files of containers, running or not. A `ref` is a name, an id, or a unique id prefix; an unknown one throws
 * `ContainerNotFoundError`.
 */
export class ContainerFiles {
  readonly #environment: ContainerEnvironment;

  constructor(environment: ContainerEnvironment) {
    this.#environment = environment;
  }

  async stat(ref: string, path: string): Promise<ContainerPathStat> {
    const container = this.#environment.registry.find(ref);
    return await statContainerPath(this.#environment, container, { ref, path });
  }

  async read(ref: string, path: string): Promise<PathArchive> {
    const container = this.#environment.registry.find(ref);
    return await readContainerPath(this.#environment, container, { ref, path });
  }

  /** The body is read to its end unless an error stands in the way. */
  async write(
    ref: string,
    path: string,
    body: AsyncIterable<Uint8Array>,
    options: WriteOptions,
  ): Promise<void> {
    const container = this.#environment.registry.find(ref);
    await writeContainerPath(this.#environment, container, { ref, path, body, ...options });
  }

  async changes(ref: string): Promise<FilesystemChange[]> {
    return await containerChanges(this.#environment, this.#environment.registry.find(ref));
  }

  async commit(ref: string, options: CommitOptions): Promise<Digest> {
    const container = this.#environment.registry.find(ref);
    return await commitContainer(this.#environment, container, options);
  }

  /** A tar; takes nothing of the container before it is read. */
  export(ref: string): Promise<AsyncIterable<Uint8Array>> {
    return Promise.try(() => {
      const container = this.#environment.registry.find(ref);
      publishContainerEvent(this.#environment.events, container, 'export');
      return exportContainer(this.#environment, container);
    });
  }
}
