import { type Clock, type Logger, silentLogger, systemClock } from '@gantry/base';
import { canonicalName, type Reference } from '@gantry/oci';
import { Authorizer } from './auth/authorizer.ts';
import { type RegistryHostSettings, registryHost, registryHosts } from './hosts/registry-hosts.ts';
import { type Environment, RegistryAgents } from './http/registry-agents.ts';
import { HttpRepository } from './http-repository.ts';
import type { RegistryCredentials, RemoteRepository } from './remote-repository.ts';
import { RegistryConnection } from './transfer/registry-connection.ts';

export interface RegistrySettings extends RegistryHostSettings {
  /** Hosts of token services that get credentials of any registry. */
  trustedTokenServices: readonly string[];
  /** How often a request is tried in all, at least once. */
  maxAttempts: number;
}

export interface RegistryClientOptions {
  /** Asked for each repository anew: they may be reloaded. */
  settings: () => RegistrySettings;
  /** `Gantry/0.1 …`, as registries' logs show it. */
  userAgent: string;
  /** Where `HTTPS_PROXY` and its kin are read. */
  environment?: Environment;
  clock?: Clock;
  logger?: Logger;
}

/** Registries by the names of images. Disposing closes its connections. */
export class RegistryClient implements Disposable {
  readonly #options: RegistryClientOptions;
  readonly #agents: RegistryAgents;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#agents = new RegistryAgents(options.environment ?? process.env);
  }

  /**
   * The repository of a name, to read (`pull`) or to read and write (`push`). Nothing is asked yet. Throws
   * `RegistryConfigurationError`.
   */
  async repository(
    reference: Reference,
    action: 'pull' | 'push',
    credentials: RegistryCredentials = {},
  ): Promise<RemoteRepository> {
    const { userAgent, clock = systemClock, logger = silentLogger } = this.#options;
    const settings = this.#options.settings();
    const authorizer = new Authorizer({
      agents: this.#agents,
      clock,
      credentials,
      trustedTokenServices: settings.trustedTokenServices,
      trustIn: (url) => registryHost(settings, url, { isMirror: false }),
    });
    const connection = new RegistryConnection({
      hosts: await registryHosts(settings, reference.domain, action),
      agents: this.#agents,
      authorizer,
      userAgent,
      clock,
      logger: logger.child({ component: 'registry', repository: canonicalName(reference) }),
      maxAttempts: settings.maxAttempts,
    });
    return new HttpRepository(connection, reference, action);
  }

  [Symbol.dispose](): void {
    this.#agents[Symbol.dispose]();
  }
}
