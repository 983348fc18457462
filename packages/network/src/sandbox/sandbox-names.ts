import { readFileSync } from 'node:fs';
import { faultPoint } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import { NameIndex } from '../dns/name-index.ts';
import { resolverAddress } from '../dns/redirect.ts';
import type { ResolverHost } from '../dns/resolver-host.ts';
import type { UpstreamServer } from '../dns/upstream/upstream-server.ts';
import type { Attachment } from '../network-controller.ts';
import { isPredefined } from '../networks/network-record.ts';
import type { JoinedEndpoint } from './gateways.ts';
import type { SandboxRecord } from './sandbox-record.ts';

/** Docker's choice where neither the container nor the host names a server. */
const fallbackServers: readonly string[] = ['8.8.8.8', '8.8.4.4'];

/** What containers are called on their networks, and the resolvers that tell them. */
export class SandboxNames {
  readonly #host: ResolverHost;
  readonly #resolvConf: string;
  readonly #index = new NameIndex();
  /** The servers that resolvers ask, by container id. */
  readonly #upstream = new Map<string, readonly UpstreamServer[]>();

  /** `resolvConf` is the host's own file. */
  constructor(host: ResolverHost, resolvConf: string) {
    this.#host = host;
    this.#resolvConf = resolvConf;
  }

  /** Gives a new container names and, when it is on a user-defined network, a resolver. Its endpoints come in gateway order. */
  async open(
    record: SandboxRecord,
    ordered: readonly JoinedEndpoint[],
    namespacePath: string,
  ): Promise<void> {
    this.rename(record, ordered);
    if (asksUs(ordered)) await this.#openResolver(record, ordered, namespacePath);
  }

  /**
   * Makes names and resolver fit the container's endpoints as they are now. Resolves when it can ask. A container that has
   * left its last user-defined network has no resolver any more: it would be its way out of a host that it has no network to.
   */
  async follow(
    record: SandboxRecord,
    ordered: readonly JoinedEndpoint[],
    namespacePath: string,
  ): Promise<void> {
    const { containerId } = record;
    await this.open(record, ordered, namespacePath);
    if (asksUs(ordered)) return;
    this.#host.withdraw(containerId, namespacePath);
    this.#upstream.delete(containerId);
  }
  /** Makes the names fit, in effect at once. On the default bridge, as with Docker, nobody has any. */
  rename({ containerId, exposedPorts }: SandboxRecord, ordered: readonly JoinedEndpoint[]): void {
    this.#index.set(
      containerId,
      ordered.map(({ endpoint, network: { record } }) => ({
        networkId: record.id,
        networkName: record.name,
        names: isPredefined(record.name) ? [] : endpoint.dnsNames,
        links: new Map(isPredefined(record.name) ? [] : Object.entries(endpoint.links)),
        ...(exposedPorts && { ports: exposedPorts }),
        ...(endpoint.ipv4 !== undefined && { ipv4: endpoint.ipv4.address }),
        ...(endpoint.ipv6 !== undefined && { ipv6: endpoint.ipv6.address }),
      })),
    );
  }

  /** Nobody finds the container any more, and nothing of ours is in its namespace. Idempotent. */
  forget(containerId: string): void {
    this.#host.close(containerId);
    this.#upstream.delete(containerId);
    this.#index.remove(containerId);
  }

  /** What resolv.conf is to say; undefined for a container that asks other servers. */
  resolverOf({ containerId }: SandboxRecord, ordered: readonly JoinedEndpoint[]): Attachment['resolver'] {
    if (!asksUs(ordered)) return undefined;
    const upstream = this.#upstream.get(containerId) ?? [];
    return { nameserver: resolverAddress, upstream: upstream.map(({ address }) => address) };
  }

  async #openResolver(
    record: SandboxRecord,
    ordered: readonly JoinedEndpoint[],
    namespacePath: string,
  ): Promise<void> {
    const { containerId, dns } = record;
    const host = hostSettings(this.#resolvConf);
    const upstream = upstreamOf(record, host);
    await this.#host.open({
      containerId,
      namespacePath,
      upstream,
      forwards: ordered.some(({ network }) => !network.record.internal),
      keepsSingleLabels: (dns.options ?? host.options).some((option) => option.startsWith('ndots:')),
      names: this.#index.source(containerId),
    });
    this.#upstream.set(containerId, upstream);
    faultPoint('network-names/resolver-opened');
  }
}

function asksUs(endpoints: readonly JoinedEndpoint[]): boolean {
  return endpoints.some(({ network }) => !isPredefined(network.record.name));
}

function upstreamOf({ dns }: SandboxRecord, host: HostSettings): UpstreamServer[] {
  if (dns.servers !== undefined) return dns.servers.map((address) => ({ address, from: 'container' }));
  const servers = host.servers.length > 0 ? host.servers : fallbackServers;
  return servers.map((address) => ({ address, from: 'host' }));
}

interface HostSettings {
  servers: readonly string[];
  options: readonly string[];
}

/** resolv.conf(5). */
function hostSettings(file: string): HostSettings {
  const lines = readText(file)
    .split('\n')
    .map((line) =>
      line
        .replace(/[#;].*/, '')
        .trim()
        .split(/\s+/),
    );
  const of = (keyword: string): string[] =>
    lines.flatMap(([first, ...values]) => (first === keyword ? values : []));
  return { servers: of('nameserver'), options: of('options') };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
