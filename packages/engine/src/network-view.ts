import type { ContainerSummary, Filters, IPAMConfig, Network } from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import type { NetworkBackend } from '@gantry/http-api';
import type { EndpointAddress, IpamConfig, NetworkController, NetworkInfo } from '@gantry/network';

export class NetworkNotFoundError extends EngineError {
  override readonly name = 'NetworkNotFoundError';
  constructor(ref: string) {
    super('not-found', 'network-not-found', `network ${ref} not found`, { details: { network: ref } });
  }
}

type Matcher = (network: Network, value: string) => boolean;

const filterMatchers: Readonly<Record<string, Matcher>> = {
  driver: (network, value) => network.Driver === value,
  id: (network, value) => network.Id?.startsWith(value) === true,
  name: (network, value) => network.Name?.includes(value) === true,
  scope: (network, value) => network.Scope === value,
  type: (_network, value) => value === 'builtin',
  label: (network, value) => matchesLabel(network.Labels ?? {}, value),
  dangling: (network, value) => isTrue(value) === (Object.keys(network.Containers ?? {}).length === 0),
};

/** The network controller in the Engine API's words. Reads only: networks cannot be created yet. */
export class NetworkView implements NetworkBackend {
  readonly #controller: NetworkController;
  readonly #containers: () => Promise<ContainerSummary[]>;

  constructor(controller: NetworkController, containers: () => Promise<ContainerSummary[]>) {
    this.#controller = controller;
    this.#containers = containers;
  }

  async list(filters: Filters): Promise<Network[]> {
    for (const key of filters.keys()) {
      if (!(key in filterMatchers))
        throw new EngineError('invalid', 'invalid-filter', `invalid filter '${key}'`);
    }
    const names = await this.#names();
    const networks = this.#controller.networks().map((network) => wire(network, names));
    return networks.filter((network) =>
      [...filters].every(([key, values]) =>
        values.some((value) => filterMatchers[key]?.(network, value) === true),
      ),
    );
  }

  async inspect(ref: string): Promise<Network> {
    const all = this.#controller.networks();
    const exact = all.find((network) => network.name === ref || network.id === ref);
    const byPrefix = ref === '' ? [] : all.filter((network) => network.id.startsWith(ref));
    const found = exact ?? (byPrefix.length === 1 ? byPrefix[0] : undefined);
    if (found === undefined) throw new NetworkNotFoundError(ref);
    return wire(found, await this.#names());
  }

  async #names(): Promise<ReadonlyMap<string, string>> {
    const containers = await this.#containers();
    return new Map(
      containers.map(({ Id: id = '', Names: names }) => [id, names?.[0]?.replace(/^\//, '') ?? id]),
    );
  }
}

function wire(network: NetworkInfo, names: ReadonlyMap<string, string>): Network {
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt,
    Scope: network.scope,
    Driver: network.driver,
    EnableIPv4: network.ipv4,
    EnableIPv6: network.ipv6,
    IPAM: {
      Driver: network.ipam.driver,
      Options: { ...network.ipam.options },
      Config: network.ipam.config.map(wireConfig),
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: network.ingress,
    ConfigFrom: { Network: network.configFrom ?? '' },
    ConfigOnly: network.configOnly,
    Containers: Object.fromEntries(
      network.endpoints.map((endpoint) => [
        endpoint.containerId,
        {
          Name: names.get(endpoint.containerId) ?? '',
          EndpointID: endpoint.endpointId,
          MacAddress: endpoint.macAddress,
          IPv4Address: cidr(endpoint.ipv4),
          IPv6Address: cidr(endpoint.ipv6),
        },
      ]),
    ),
    Options: { ...network.options },
    Labels: { ...network.labels },
  };
}

function wireConfig({ subnet, ipRange, gateway, auxAddresses }: IpamConfig): IPAMConfig {
  return {
    ...(subnet !== undefined && { Subnet: subnet }),
    ...(ipRange !== undefined && { IPRange: ipRange }),
    ...(gateway !== undefined && { Gateway: gateway }),
    ...(auxAddresses !== undefined && { AuxiliaryAddresses: { ...auxAddresses } }),
  };
}

function cidr(address: EndpointAddress | undefined): string {
  return address === undefined ? '' : `${address.address}/${address.prefixLength}`;
}

function matchesLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [key = '', value] = wanted.split(/=(.*)/s);
  return value === undefined ? key in labels : labels[key] === value;
}

function isTrue(value: string): boolean {
  return value === 'true' || value === '1';
}
