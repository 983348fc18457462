import { readFileSync } from 'node:fs';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import { RegistryClient, type RegistryCredentials, type RemoteRepository } from '@gantry/distribution';
import { parseReference } from '@gantry/oci';
import { RegistryFileError } from '../settings/errors.ts';
import type { RemoteSettings } from './remote-settings.ts';

export interface RemoteOptions {
  userAgent: string;
  clock: Clock;
  logger: Logger;
}

const maxAttempts = 3;

/** Another registry as a client sees it. Disposing closes its connections. */
export class RemoteRegistry implements Disposable {
  readonly #settings: RemoteSettings;
  readonly #client: RegistryClient;

  /** Throws `RegistryFileError` when the password cannot be read. */
  constructor(settings: RemoteSettings, { userAgent, clock, logger }: RemoteOptions) {
    this.#settings = settings;
    this.#credentials();
    this.#client = new RegistryClient({
      userAgent,
      clock,
      logger,
      settings: () => ({
        registryMirrors: [],
        insecureRegistries: settings.isInsecure ? [settings.registry] : [],
        certificateDirectory: settings.certificateDirectory,
        trustedTokenServices: [],
        maxAttempts,
      }),
    });
  }

  /** A repository there. Throws `InvalidReferenceError`, `RegistryConfigurationError`, `RegistryFileError`. */
  async repository(path: string, action: 'pull' | 'push'): Promise<RemoteRepository> {
    const reference = parseReference(`${this.#settings.registry}/${path}`);
    return await this.#client.repository(reference, action, this.#credentials());
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  /** Read at each use: a new password needs no restart. */
  #credentials(): RegistryCredentials {
    const { username, passwordFile } = this.#settings;
    if (username === undefined || passwordFile === undefined) return {};
    try {
      return { username, password: readFileSync(passwordFile, 'utf8').trim() };
    } catch (error) {
      throw new RegistryFileError(passwordFile, errorMessage(error), error);
    }
  }
}
