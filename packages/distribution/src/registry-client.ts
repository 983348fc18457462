import { type Clock, type Logger, silentLogger, systemClock } from '@gantry/base';
import type { Reference } from '@gantry/oci';
import { Authorizer } from './auth/authorizer.ts';
import { CredentialsRefusedError } from './errors.ts';
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

  /** Asks a registry whether it takes the credentials. Throws `CredentialsRefusedError` when not, and what asking throws. */
  async signIn(domain: string, credentials: RegistryCredentials, signal?: AbortSignal): Promise<void> {
    const connection = await this.#connect(domain, 'push', credentials);
    const answer = await connection.ask({ method: 'GET', path: '', scope: '', signal });
    answer.response.resume();
    if (answer.status === 200) return;
    const { url, status, response } = answer;
    const said = `${status} ${response.statusMessage ?? ''}`.trim();
    throw new CredentialsRefusedError(url.href, `login attempt to ${url.href} failed with status: ${said}`);
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
    return new HttpRepository(await this.#connect(reference.domain, action, credentials), reference, action);
  }

  [Symbol.dispose](): void {
    this.#agents[Symbol.dispose]();
  }

  async #connect(
    domain: string,
    action: 'pull' | 'push',
    credentials: RegistryCredentials,
  ): Promise<RegistryConnection> {
    const { userAgent, clock = systemClock, logger = silentLogger } = this.#options;
    const settings = this.#options.settings();
    const authorizer = new Authorizer({
      agents: this.#agents,
      credentials,
      trustedTokenServices: settings.trustedTokenServices,
      trustIn: (url) => registryHost(settings, url, { isMirror: false }),
    });
    return new RegistryConnection({
      hosts: await registryHosts(settings, domain, action),
      agents: this.#agents,
      authorizer,
      userAgent,
      clock,
      logger: logger.child({ component: 'registry', registry: domain }),
      maxAttempts: settings.maxAttempts,
    });
  }
}
