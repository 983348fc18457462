import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { mountAsync, mountFlags, umount, writeFileIn } from '@gantry/kernel';
import { InvalidBuildError } from '../errors.ts';

/** BuildKit's bound of a secret. */
const maxSecretBytes = 500 * 1024;

export interface SecretFile {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Secrets of one step, in files that are in memory alone: a file system of their own, which goes with the step whatever becomes of
 * it. Disposing unmounts.
 */
export class SecretFiles implements AsyncDisposable {
  readonly #directory: string;
  #count = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes `directory`, which must not be there, the place of the files. */
  static async open(directory: string): Promise<SecretFiles> {
    mkdirSync(directory, { mode: 0o700 });
    const flags = mountFlags.noDevices | mountFlags.noExec | mountFlags.noSuid;
    await mountAsync({
      source: 'tmpfs',
      target: directory,
      type: 'tmpfs',
      flags,
      data: 'mode=0700,size=64m',
    });
    return new SecretFiles(directory);
  }

  /** The file's path on the host. */
  write(secret: Uint8Array, owner: SecretFile): string {
    const name = String(this.#count++);
    writeFileIn(this.#directory, name, secret, owner);
    return path.join(this.#directory, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await umount(this.#directory, { detach: true });
  }
}

/** Throws `InvalidBuildError` for a secret past BuildKit's bound. */
export function checkSecretSize(id: string, secret: Uint8Array): Uint8Array {
  if (secret.length <= maxSecretBytes) return secret;
  throw new InvalidBuildError(`secret ${id} is too big: ${secret.length} bytes, at most ${maxSecretBytes}`);
}
