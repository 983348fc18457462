import { decodeAddress, encodeAddress } from '@gantry/kernel';
import type { ContainerPorts } from '../network-controller.ts';
import type { NamedAddresses, NamedService, NameSource } from './name-source.ts';

/** A container's place on one network, as its neighbours find it. */
export interface NamedEndpoint {
  networkId: string;
  networkName: string;
  /** Names on this network: the container's own first, by which its addresses are told back; then aliases, the short id. */
  names: readonly string[];
  ipv4?: string;
  ipv6?: string;
  /** Names that this container alone has for another of the same network: name → container id. They hide others' names. */
  links: ReadonlyMap<string, string>;
  /** What the container exposes. */
  ports?: readonly ContainerPorts[];
}

/** A name that exposes more tells of so many. */
const mostServices = 256;

/**
 * Who is called what on which network, for all containers of the engine. In memory, in effect at once. Names are found as
 * dockerd finds them: without regard to case; `a.b` is first a name `a.b` on any of the asker's networks, then `a` on its
 * network `b`; a name that several containers have has the addresses of all.
 */
export class NameIndex {
  readonly #endpoints = new Map<string, readonly NamedEndpoint[]>();
  readonly #networks = new Map<string, NetworkNames>();

  /** Replaces what is known of the container; its endpoints in the order in which its networks are asked. */
  set(containerId: string, endpoints: readonly NamedEndpoint[]): void {
    this.remove(containerId);
    this.#endpoints.set(
      containerId,
      endpoints.map((endpoint) => ({ ...endpoint, links: withLowerCaseKeys(endpoint.links) })),
    );
    for (const endpoint of endpoints) {
      const network = this.#networks.get(endpoint.networkId) ?? new NetworkNames();
      this.#networks.set(endpoint.networkId, network);
      network.add(containerId, endpoint);
    }
  }

  /** Idempotent. Nobody finds the container any more, and it finds nobody. */
  remove(containerId: string): void {
    for (const { networkId } of this.#endpoints.get(containerId) ?? []) {
      const network = this.#networks.get(networkId);
      network?.remove(containerId);
      if (network?.isEmpty === true) this.#networks.delete(networkId);
    }
    this.#endpoints.delete(containerId);
  }

  /** What the container may ask, now and after each change. */
  source(containerId: string): NameSource {
    return {
      addresses: (name) => {
        const found = this.#find(containerId, name);
        return found === undefined ? { known: false, ipv4: [], ipv6: [] } : addressesOf(found);
      },
      services: (name) => {
        const wanted = readService(name);
        const found = this.#find(containerId, wanted.name);
        return found && [...servicesOf(found, wanted)];
      },
      reverse: (address) => this.#reverse(containerId, address),
    };
  }

  #find(containerId: string, name: string): Iterable<NamedEndpoint> | undefined {
    const endpoints = this.#endpoints.get(containerId) ?? [];
    for (const { host, network } of readings(name)) {
      for (const endpoint of endpoints) {
        if (network !== undefined && endpoint.networkName.toLowerCase() !== network) continue;
        const names = this.#networks.get(endpoint.networkId);
        const linked = endpoint.links.get(host);
        const found = linked === undefined ? names?.named(host) : names?.ofContainer(linked);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  #reverse(containerId: string, address: string): string | undefined {
    const canonical = canonicalAddress(address);
    for (const { networkId, networkName } of this.#endpoints.get(containerId) ?? []) {
      const name = this.#networks.get(networkId)?.nameOf(canonical);
      if (name !== undefined) return `${name}.${networkName}`;
    }
    return undefined;
  }
}

/** The names on one network. */
class NetworkNames {
  readonly #byContainer = new Map<string, NamedEndpoint>();
  readonly #byName = new Map<string, Map<string, NamedEndpoint>>();
  readonly #byAddress = new Map<string, Map<string, NamedEndpoint>>();

  get isEmpty(): boolean {
    return this.#byContainer.size === 0;
  }

  add(containerId: string, endpoint: NamedEndpoint): void {
    this.#byContainer.set(containerId, endpoint);
    for (const [index, key] of keysOf(this.#byName, this.#byAddress, endpoint)) {
      const holders = index.get(key) ?? new Map<string, NamedEndpoint>();
      index.set(key, holders.set(containerId, endpoint));
    }
  }

  remove(containerId: string): void {
    const endpoint = this.#byContainer.get(containerId);
    if (endpoint === undefined) return;
    this.#byContainer.delete(containerId);
    for (const [index, key] of keysOf(this.#byName, this.#byAddress, endpoint)) {
      const holders = index.get(key);
      holders?.delete(containerId);
      if (holders?.size === 0) index.delete(key);
    }
  }

  named(name: string): Iterable<NamedEndpoint> | undefined {
    return this.#byName.get(name)?.values();
  }

  ofContainer(containerId: string): Iterable<NamedEndpoint> | undefined {
    const endpoint = this.#byContainer.get(containerId);
    return endpoint && [endpoint];
  }

  nameOf(address: string): string | undefined {
    const [endpoint] = this.#byAddress.get(address)?.values() ?? [];
    return endpoint?.names[0];
  }
}

type Holders = Map<string, Map<string, NamedEndpoint>>;

function* keysOf(
  byName: Holders,
  byAddress: Holders,
  { names, ipv4, ipv6 }: NamedEndpoint,
): Generator<[Holders, string]> {
  for (const name of names) yield [byName, name.toLowerCase()];
  for (const address of [ipv4, ipv6]) {
    if (address !== undefined) yield [byAddress, canonicalAddress(address)];
  }
}

/** The ways to read a name: whole, then with ever more of its end as the name of a network. */
function* readings(name: string): Generator<{ host: string; network?: string }> {
  const whole = name.toLowerCase();
  yield { host: whole };
  for (let dot = whole.lastIndexOf('.'); dot > 0; dot = whole.lastIndexOf('.', dot - 1)) {
    yield { host: whole.slice(0, dot), network: whole.slice(dot + 1) };
  }
}

interface WantedService {
  name: string;
  /** Of one service: its port, NaN for a name that nobody here gives ports. */
  port?: number;
  protocol?: string;
}

function readService(name: string): WantedService {
  const [, service = '', protocol = '', host] = /^_([^.]+)\._(tcp|udp|sctp)\.(.+)$/.exec(name) ?? [];
  return host === undefined
    ? { name }
    : { name: host, protocol, port: /^\d{1,5}$/.test(service) ? Number(service) : Number.NaN };
}

function* servicesOf(
  endpoints: Iterable<NamedEndpoint>,
  { port: wanted, protocol: wantedProtocol }: WantedService,
): Generator<NamedService> {
  let left = mostServices;
  for (const { names, ports = [] } of endpoints) {
    const [target = ''] = names;
    for (const { protocol, first, last } of ports) {
      if (wantedProtocol !== undefined && protocol !== wantedProtocol) continue;
      if (wanted !== undefined) {
        if (wanted >= first && wanted <= last && left-- > 0) yield { target, port: wanted };
        continue;
      }
      for (let port = first; port <= last && left > 0; port += 1, left -= 1) yield { target, port };
    }
  }
}

function addressesOf(endpoints: Iterable<NamedEndpoint>): NamedAddresses {
  const ipv4 = new Set<string>();
  const ipv6 = new Set<string>();
  for (const endpoint of endpoints) {
    if (endpoint.ipv4 !== undefined) ipv4.add(endpoint.ipv4);
    if (endpoint.ipv6 !== undefined) ipv6.add(endpoint.ipv6);
  }
  return { known: true, ipv4: [...ipv4], ipv6: [...ipv6] };
}

function withLowerCaseKeys(links: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...links].map(([name, containerId]) => [name.toLowerCase(), containerId]));
}

/** One way to write each address. */
function canonicalAddress(address: string): string {
  return decodeAddress(encodeAddress(address));
}
