import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { mountTable } from '@gantry/kernel';
import { VolumeMountedError } from '../errors.ts';
import { isVolumeName } from '../volume-name.ts';

/** Others may walk through to a name that they know (a container's user of another namespace), and list nothing. */
const walkOnlyMode = 0o701;
const dataMode = 0o755;
/** No volume's name starts with a dot. */
const trashPrefix = '.trash-';
const copyPrefix = '.copy-';

/** Where the content of a volume below `root` lies. */
export function dataPath(root: string, name: string): string {
  return path.join(root, name, '_data');
}

/**
 * The volumes on disk: `<root>/<name>/_data`, beside it `_copy` while an image's content is brought in, and `options.json` where the
 * volume has options, so that it is known by them when the records are lost. Every change is on the disk when a method returns.
 * Nothing that is mounted below is ever deleted.
 */
export class VolumeDirectory {
  readonly #root: string;

  /** Makes the root when it does not exist. */
  constructor(root: string) {
    this.#root = root;
    makeDirectory(root, walkOnlyMode);
  }

  /** What the volume has, its content and what is noted of it. */
  folder(name: string): string {
    return path.join(this.#root, name);
  }

  /** Where the volume's content lies. */
  dataPath(name: string): string {
    return dataPath(this.#root, name);
  }

  /** Where an image's content is gathered before it moves into the volume; on the same file system. */
  copyPath(name: string): string {
    return path.join(this.#root, name, '_copy');
  }

  /** The same for a volume whose content lies elsewhere. */
  foreignCopyPath(name: string): string {
    const digest = createHash('sha256').update(name).digest('hex');
    return path.join(this.#root, `${copyPrefix}${digest}`);
  }

  /** Makes the volume's directories where they are missing. */
  make(name: string, options: Readonly<Record<string, string>> = {}): void {
    const folder = this.folder(name);
    makeDirectory(folder, walkOnlyMode);
    if (Object.keys(options).length > 0) writeWhole(this.#optionsPath(name), JSON.stringify(options));
    makeDirectory(this.dataPath(name), dataMode);
    sync(folder);
    sync(this.#root);
  }

  has(name: string): boolean {
    return existsSync(this.dataPath(name));
  }

  /** Options that the volume was made with; undefined where none are noted. */
  options(name: string): Record<string, string> | undefined {
    const file = this.#optionsPath(name);
    if (!existsSync(file)) return undefined;
    const found = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(found).map(([option, value]) => [option, String(value)]));
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

  /**
   * Takes the volume out of sight at once. What it held lies in the trash, until `emptyTrash`. Throws `VolumeMountedError` when
   * something is mounted in it: that is somebody's, and no content of the volume.
   */
  discard(name: string): string | undefined {
    const trash = path.join(this.#root, `${trashPrefix}${randomUUID()}`);
    const folder = this.folder(name);
    if (!existsSync(folder)) return undefined;
    assertNothingMounted(folder);
    renameSync(folder, trash);
    sync(this.#root);
    return trash;
  }

  /** Takes a volume away that was never filled; fails when anything is in it. */
  async removeEmpty(name: string): Promise<void> {
    rmSync(`${this.#optionsPath(name)}.new`, { force: true });
    if (this.has(name)) await rmdir(this.dataPath(name));
    await rmdir(this.folder(name));
  }

  /** Deletes what `discard` returned. */
  async emptyTrash(trash: string): Promise<void> {
    assertNothingMounted(trash);
    await rm(trash, { recursive: true, force: true });
  }

  /** Paths of what was left of discarded volumes, and of content that was being gathered for volumes that lie elsewhere. */
  leftovers(): string[] {
    return readdirSync(this.#root)
      .filter((name) => name.startsWith(trashPrefix) || name.startsWith(copyPrefix))
      .map((name) => path.join(this.#root, name));
  }

  #optionsPath(name: string): string {
    return path.join(this.#root, name, 'options.json');
  }
}

function assertNothingMounted(folder: string): void {
  const mounted = mountTable().find(({ target }) => target === folder || target.startsWith(`${folder}/`));
  if (mounted !== undefined) throw new VolumeMountedError(mounted.target);
}

/** A reader finds the file whole or not at all. */
function writeWhole(file: string, text: string): void {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, file);
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
