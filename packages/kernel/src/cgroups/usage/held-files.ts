import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '../../ffi/errno.ts';

/**
 * The files of one directory of a cgroup, opened at their first use and held: reading one again is a single system call.
 * A file that is missing, or whose cgroup is gone, reads as the empty string.
 */
export class HeldFiles implements Disposable {
  readonly #directory: string | undefined;
  readonly #descriptors = new Map<string, number | undefined>();

  /** Without a directory (no such controller) all files are missing. */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  read(name: string): string {
    const descriptor = this.#open(name);
    if (descriptor === undefined) return '';
    try {
      const length = readSync(descriptor, buffer, 0, buffer.length, 0);
      return buffer.toString('latin1', 0, length);
    } catch (error) {
      if (isErrno(error, 'ENODEV', 'ENOENT', 'EOPNOTSUPP')) return '';
      throw error;
    }
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#descriptors.values()) if (descriptor !== undefined) closeSync(descriptor);
    this.#descriptors.clear();
  }

  #open(name: string): number | undefined {
    if (this.#directory === undefined) return undefined;
    if (this.#descriptors.has(name)) return this.#descriptors.get(name);
    const descriptor = openIfThere(path.join(this.#directory, name));
    this.#descriptors.set(name, descriptor);
    return descriptor;
  }
}

/** Far above any file of a cgroup but for machines with thousands of disks; scratch space, never kept. */
const buffer = Buffer.allocUnsafe(128 * 1024);

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return undefined;
    throw error;
  }
}
