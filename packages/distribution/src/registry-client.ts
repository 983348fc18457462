import { type Clock, type Logger, silentLogger, systemClock } from '@gantry/base';
import type { Reference } from '@gantry/oci';
import { Authorizer } from './auth/authorizer.ts';
import { CredentialsRefusedError } from './errors.ts';
import type { RegistryHost } from './hosts/registry-host.ts';
import {
  type RegistryHostSettings,
  registryHost,
  registryHosts,
  searchHosts,
} from './hosts/registry-hosts.ts';
import { type Environment, RegistryAgents } from './http/registry-agents.ts';
import { HttpRepository } from './http-repository.ts';
import type { RegistryCredentials, RemoteRepository } from './remote-repository.ts';
import {
  type FoundRepository,
  type SearchOptions,
  searchRepositories,
} from './search/search-repositories.ts';
import { type RangeSettings, usualRanges } from './transfer/ranged-blob.ts';
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
  /** When large blobs are fetched over several connections. */
  ranges?: Partial<RangeSettings>;
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
   * Asks a registry whether it takes the credentials. Returns the identity token to keep in the place of the password, where its
   * token service gives one. Throws `CredentialsRefusedError` when it does not, and what asking throws.
   */
  async signIn(
    domain: string,
    credentials: RegistryCredentials,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const settings = this.#options.settings();
    const authorizer = this.#authorizer(settings, credentials, { offline: true });
    const connection = this.#connection(domain, await registryHosts(settings, domain, 'push'), authorizer);
    const answer = await connection.ask({ method: 'GET', path: '', scope: '', signal });
    answer.response.resume();
    if (answer.status === 200) return authorizer.identityToken;
    const { url, status, response } = answer;
    const said = `${status} ${response.statusMessage ?? ''}`.trim();
    throw new CredentialsRefusedError(url.href, `login attempt to ${url.href} failed with status: ${said}`);
  }

  /**
   * Repositories whose name or description has `term`, by Docker's search (API v1), in the registry's order. Throws
   * `SearchUnsupportedError` where the registry has none, `RegistryRefusedError`, and what asking throws.
   */
  async search(domain: string, term: string, options: SearchOptions = {}): Promise<FoundRepository[]> {
    const settings = this.#options.settings();
    const authorizer = this.#authorizer(settings, options.credentials ?? {});
    const connection = this.#connection(domain, await searchHosts(settings, domain), authorizer);
    return searchRepositories(connection, term, { ...options, registry: domain });
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
    const settings = this.#options.settings();
    const hosts = await registryHosts(settings, domain, action);
    return this.#connection(domain, hosts, this.#authorizer(settings, credentials));
  }

  #authorizer(
    settings: RegistrySettings,
    credentials: RegistryCredentials,
    { offline = false }: { offline?: boolean } = {},
  ): Authorizer {
    return new Authorizer({
      agents: this.#agents,
      userAgent: this.#options.userAgent,
      credentials,
      offline,
      trustedTokenServices: settings.trustedTokenServices,
      trustIn: (url) => registryHost(settings, url, { isMirror: false }),
    });
  }

  #connection(domain: string, hosts: readonly RegistryHost[], authorizer: Authorizer): RegistryConnection {
    const { userAgent, clock = systemClock, logger = silentLogger, settings } = this.#options;
    return new RegistryConnection({
      hosts,
      agents: this.#agents,
      authorizer,
      userAgent,
      clock,
      logger: logger.child({ component: 'registry', registry: domain }),
      maxAttempts: settings().maxAttempts,
      ranges: { ...usualRanges, ...this.#options.ranges },
    });
  }
}
