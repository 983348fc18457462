import type { ContainerPorts, DnsRequest, PortRequest, PublishedPort } from '../network-controller.ts';

/** What is written down about a container's place on its networks: enough to make it anew and to clean it up. */
export interface SandboxRecord {
  containerId: string;
  /** In the order in which the networks were joined. */
  endpoints: readonly EndpointRecord[];
  /** What was asked for, to be published again when another endpoint is the gateway. */
  wantedPorts: readonly PortRequest[];
  /** What is published now. */
  ports: readonly PublishedPort[];
  exposedPorts?: readonly ContainerPorts[];
  dns: DnsRequest;
  hostname: string;
}

export interface EndpointRecord {
  endpointId: string;
  networkId: string;
  /** The host's end of the veth pair; of drivers that make none, a name that no interface has. */
  hostInterface: string;
  interfaceName: string;
  /** Empty for one that the driver chooses. */
  macAddress: string;
  ipv4?: AddressRecord;
  ipv6?: AddressRecord;
  linkLocalAddresses: readonly string[];
  dnsNames: readonly string[];
  /** Alias → container id. */
  links: Readonly<Record<string, string>>;
  /** Ids of containers whose exposed ports are open to this endpoint where neighbours are kept apart. */
  linkedTo?: readonly string[];
  gatewayPriority: number;
  driverOptions: Readonly<Record<string, string>>;
}

export interface AddressRecord {
  address: string;
  prefixLength: number;
  /** Missing where the network has no way out. */
  gateway?: string;
  /** The default route goes by the interface, without a gateway. */
  byDevice?: true;
}

/** Records of version 1: one endpoint, on the default bridge. */
interface EarlierRecord {
  containerId: string;
  endpointId: string;
  networkId: string;
  hostInterface: string;
  ipAddress: string;
  prefixLength: number;
  gateway: string;
  macAddress: string;
  ports: readonly PublishedPort[];
  dnsNames?: readonly string[];
}

/** Turns a record of version 1 into one of version 2. */
export function migrateSandbox(document: unknown): SandboxRecord {
  const earlier = document as EarlierRecord;
  const { containerId, endpointId, networkId, hostInterface, macAddress, ports } = earlier;
  const endpoint: EndpointRecord = {
    endpointId,
    networkId,
    hostInterface,
    interfaceName: 'eth0',
    macAddress,
    ipv4: { address: earlier.ipAddress, prefixLength: earlier.prefixLength, gateway: earlier.gateway },
    linkLocalAddresses: [],
    dnsNames: earlier.dnsNames ?? [],
    links: {},
    gatewayPriority: 0,
    driverOptions: {},
  };
  const wantedPorts = ports.map((port) => ({
    ...port,
    hostPortFirst: port.hostPort,
    hostPortLast: port.hostPort,
  }));
  return { containerId, endpoints: [endpoint], wantedPorts, ports, dns: {}, hostname: '' };
}
