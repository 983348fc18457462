import { existsSync, readFileSync } from 'node:fs';
import { errorMessage } from '@gantry/base';
import { RegistryFileError } from '../../settings/errors.ts';
import { changeAlone, writeWhole } from '../../settings/write-whole.ts';
import { formatHtpasswd, isUserName, parseHtpasswd } from './htpasswd.ts';
import { PasswordHashing } from './password-hashing.ts';

const cost = 10;
/** bcrypt looks at no more. */
const maxPasswordBytes = 72;

/** The htpasswd of a registry, changed by whoever looks after it; a registry that runs reads it again by itself. */
export class UserFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** In order. Empty when the file is missing. Throws `RegistryFileError`. */
  names(): string[] {
    return [...this.#read().keys()].toSorted((a, b) => a.localeCompare(b, 'en'));
  }

  /** Adds a user, or gives one another password. True when the user is new. Throws `RegistryFileError`. */
  async set(name: string, password: string): Promise<boolean> {
    if (!isUserName(name)) {
      throw new RegistryFileError(this.#path, `"${name}" cannot be a user: letters, digits and . _ @ -`);
    }
    const length = Buffer.byteLength(password);
    if (length < 8 || length > maxPasswordBytes) {
      throw new RegistryFileError(
        this.#path,
        `a password has from 8 to ${maxPasswordBytes} bytes, not ${length}`,
      );
    }
    await using hashing = new PasswordHashing();
    const hash = await hashing.hash(password, cost);
    return changeAlone(this.#path, () => {
      const users = new Map(this.#read());
      const isNew = !users.has(name);
      writeWhole(this.#path, formatHtpasswd(users.set(name, hash)), 0o600);
      return isNew;
    });
  }

  /** False when there is no such user. Throws `RegistryFileError`. */
  remove(name: string): boolean {
    return changeAlone(this.#path, () => {
      const users = new Map(this.#read());
      if (!users.delete(name)) return false;
      writeWhole(this.#path, formatHtpasswd(users), 0o600);
      return true;
    });
  }

  #read(): ReadonlyMap<string, string> {
    if (!existsSync(this.#path)) return new Map();
    try {
      return parseHtpasswd(readFileSync(this.#path, 'utf8'));
    } catch (error) {
      throw new RegistryFileError(this.#path, errorMessage(error), error);
    }
  }
}
