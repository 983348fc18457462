import type { PathChoice, SentEntry, SentTree } from './sent-tree.ts';

const fileMode = 0o600;

/** Files that are on no disk, such as a Dockerfile from stdin. */
export class MemoryTree implements SentTree {
  readonly #files: ReadonlyMap<string, Uint8Array>;

  /** By their names; without directories. */
  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files;
  }

  *entries(choose: PathChoice): Generator<SentEntry> {
    for (const [path, data] of [...this.#files].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
      if (!choose.includes(path)) continue;
      const nothing = { mtimeNs: 0n, linkName: '', deviceMajor: 0, deviceMinor: 0 };
      yield { path, mode: fileMode, sizeBytes: data.length, ...nothing };
    }
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const data = this.#files.get(path);
    if (data !== undefined && data.length > 0) yield data;
  }

  linkTarget(): undefined {
    return undefined;
  }

  names(directory: string): readonly string[] {
    return directory === '' ? [...this.#files.keys()] : [];
  }
}
