import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { canonicalString, maxDocumentBytes, type Reference } from '@gantry/oci';
import { readIfThere } from '../config/config-file.ts';
import { replaceFile } from '../config/replace-file.ts';
import { CommandError } from '../errors.ts';
import type { LocalManifest } from './image-manifest.ts';

/** No list has so many manifests; a directory that has is no list. */
const maxManifests = 1000;

/**
 * Local manifest lists as docker's client keeps them: `manifests/<list>/<manifest>` in its directory, with the slashes and colons of the
 * names replaced. Both programs see the same lists.
 */
export class ManifestStore {
  readonly #directory: string;

  constructor(configDirectory: string) {
    this.#directory = path.join(configDirectory, 'manifests');
  }

  has(list: Reference): boolean {
    return existsSync(this.#folder(list));
  }

  /** In the order of their names. Undefined when there is no such list. Throws `CommandError`. */
  list(list: Reference): LocalManifest[] | undefined {
    if (!this.has(list)) return undefined;
    const names = readdirSync(this.#folder(list)).sort().slice(0, maxManifests);
    return names.flatMap((name) => this.#read(path.join(this.#folder(list), name)) ?? []);
  }

  /** Undefined when the list has it not. Throws `CommandError`. */
  get(list: Reference, manifest: Reference): LocalManifest | undefined {
    return this.#read(this.#file(list, manifest));
  }

  /** Makes the list when it is new; replaces what it says of the manifest. */
  put(list: Reference, manifest: Reference, document: LocalManifest): void {
    replaceFile(this.#file(list, manifest), JSON.stringify(document), 0o644);
  }

  /** Idempotent. */
  remove(list: Reference): void {
    rmSync(this.#folder(list), { recursive: true, force: true });
  }

  #read(file: string): LocalManifest | undefined {
    const text = readIfThere(file);
    if (text === undefined) return undefined;
    try {
      if (text.length > 4 * maxDocumentBytes) throw new Error('it is too long');
      const { Ref, Descriptor, Raw } = JSON.parse(text) as LocalManifest;
      if (typeof Ref === 'string' && typeof Descriptor?.digest === 'string' && typeof Raw === 'string')
        return JSON.parse(text) as LocalManifest;
    } catch (error) {
      throw new CommandError(1, `${file} is no manifest of a list: ${(error as Error).message}`);
    }
    throw new CommandError(1, `${file} is no manifest of a list: remove the list and make it anew`);
  }

  #folder(list: Reference): string {
    return path.join(this.#directory, safeName(list));
  }

  #file(list: Reference, manifest: Reference): string {
    return path.join(this.#folder(list), safeName(manifest));
  }
}

function safeName(reference: Reference): string {
  return canonicalString(reference).replaceAll(':', '-').replaceAll('/', '_');
}
