import { mkdirSync, readdirSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '@gantry/kernel';
import { isContainerId } from './container-id.ts';

/** `<dataRoot>/containers/<id>`: a container's log and the files that it sees as /etc/hosts, hostname and resolv.conf. */
export class ContainerDirectories {
  readonly dataRoot: string;
  readonly #root: string;

  constructor(dataRoot: string) {
    this.dataRoot = dataRoot;
    this.#root = path.join(dataRoot, 'containers');
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
  }

  /** Where parts of volumes and images are mounted for the moment of a start; empty otherwise. */
  get parts(): string {
    return path.join(this.dataRoot, 'mounts');
  }

  pathOf(containerId: string): string {
    return path.join(this.#root, containerId);
  }

  /** Idempotent. */
  create(containerId: string): void {
    mkdirSync(this.pathOf(containerId), { recursive: true, mode: 0o710 });
  }

  /** Idempotent. */
  remove(containerId: string): void {
    const directory = this.pathOf(containerId);
    try {
      for (const name of readdirSync(directory)) unlinkSync(path.join(directory, name));
      rmdirSync(directory);
    } catch (error) {
      // Somebody put a directory there.
      if (!isErrno(error, 'ENOENT')) rmSync(directory, { recursive: true, force: true });
    }
  }

  /** Ids that have a directory. */
  list(): string[] {
    return readdirSync(this.#root).filter(isContainerId);
  }
}
