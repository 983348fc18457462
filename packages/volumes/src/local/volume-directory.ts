import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
} from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { isVolumeName } from '../volume-name.ts';

/** Others may walk through to a name that they know (a container's user of another namespace), and list nothing. */
const walkOnlyMode = 0o701;
const dataMode = 0o755;
/** No volume's name starts with a dot. */
const trashPrefix = '.trash-';

/**
 * The volumes on disk: `<root>/<name>/_data`, beside it `_copy` while an image's content is brought in. Every change
 * is on the disk when a method returns.
 */
export class VolumeDirectory {
  readonly #root: string;

  /** Makes the root when it does not exist. */
  constructor(root: string) {
    this.#root = root;
    makeDirectory(root, walkOnlyMode);
  }

  /** Where the volume's content lies. */
  dataPath(name: string): string {
    return path.join(this.#root, name, '_data');
  }

  /** Where an image's content is gathered before it moves into the volume; on the same file system. */
  copyPath(name: string): string {
    return path.join(this.#root, name, '_copy');
  }

  /** Makes the volume's directories where they are missing. */
  make(name: string): void {
    const folder = path.join(this.#root, name);
    makeDirectory(folder, walkOnlyMode);
    makeDirectory(this.dataPath(name), dataMode);
    sync(folder);
    sync(this.#root);
  }

  has(name: string): boolean {
    return existsSync(this.dataPath(name));
  }

  isEmpty(name: string): boolean {
    return readdirSync(this.dataPath(name), { encoding: 'buffer' }).length === 0;
  }

  /** Directories that have a volume's name. */
  names(): string[] {
    return readdirSync(this.#root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && isVolumeName(entry.name))
      .map((entry) => entry.name);
  }

  /** Takes the volume out of sight at once. What it held lies in the trash, until `emptyTrash`. */
  discard(name: string): string | undefined {
    const trash = path.join(this.#root, `${trashPrefix}${randomUUID()}`);
    const folder = path.join(this.#root, name);
    if (!existsSync(folder)) return undefined;
    renameSync(folder, trash);
    sync(this.#root);
    return trash;
  }

  /** Takes a volume away that was never filled; fails when anything is in it. */
  async removeEmpty(name: string): Promise<void> {
    if (this.has(name)) await rmdir(this.dataPath(name));
    await rmdir(path.join(this.#root, name));
  }

  /** Deletes one piece of trash, or all that is left. */
  async emptyTrash(trash?: string): Promise<void> {
    const pieces =
      trash === undefined
        ? readdirSync(this.#root)
            .filter((name) => name.startsWith(trashPrefix))
            .map((name) => path.join(this.#root, name))
        : [trash];
    for (const piece of pieces) await rm(piece, { recursive: true, force: true });
  }
}

/** The mode is exact, whatever the process's mask. An existing directory stays as it is. */
function makeDirectory(directory: string, mode: number): void {
  const created = mkdirSync(directory, { recursive: true });
  if (created !== undefined) chmodSync(directory, mode);
}

function sync(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
