import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from '@gantry/base';
import { Trash } from '@gantry/kernel';
import { isContainerId } from './container-id.ts';

/** `<dataRoot>/containers/<id>`: a container's log and the files that it sees as /etc/hosts, hostname and resolv.conf. */
export class ContainerDirectories implements AsyncDisposable {
  readonly dataRoot: string;
  readonly #root: string;
  readonly #trash: Trash;

  constructor(dataRoot: string, logger: Logger) {
    this.dataRoot = dataRoot;
    this.#root = path.join(dataRoot, 'containers');
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    this.#trash = new Trash(path.join(dataRoot, 'trash'), logger);
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

  /** Its files are deleted in the background. Idempotent. */
  remove(containerId: string): void {
    this.#trash.throwAway(this.pathOf(containerId));
  }

  /** Ids that have a directory. */
  list(): string[] {
    return readdirSync(this.#root).filter(isContainerId);
  }

  /** What was removed and is not deleted yet stays for the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#trash[Symbol.asyncDispose]();
  }
}
