/**
 * The networks of this host, and the places of containers on them. A sandbox is a container's network namespace with its
 * endpoints. All kernel state carries the id of its network and container, so that a restarted engine finds it, and
 * whatever belongs to nobody is removed by `restore`.
 */
export interface NetworkController {
  /**
   * Makes a network; durable when it resolves. Throws with Docker's words `NetworkNameTakenError` (`network with name x
   * already exists`), `SubnetOverlapError`, `NoSubnetLeftError`, `DriverNotFoundError`, `InvalidNetworkError`.
   */
  createNetwork(request: NetworkCreateRequest): Promise<NetworkInfo>;

  /** By name, id, or unique prefix of the id. Throws `NetworkNotFoundError`, `AmbiguousNetworkError`. */
  network(reference: string): NetworkInfo;

  /** `bridge`, `host` and `none` first, then the others in order of creation. */
  networks(): NetworkInfo[];

  /** Throws `NetworkNotFoundError`, `PredefinedNetworkError`, `NetworkInUseError`. */
  removeNetwork(reference: string): Promise<void>;

  /**
   * Throws what `attach` and `connect` throw for an endpoint that the network could never have (`invalid endpoint
   * settings:` and Docker's words), without looking at who has which address.
   */
  checkEndpoint(request: EndpointRequest): void;

  /**
   * Makes the container's network namespace, joins its networks and publishes its ports. Everything or nothing. Throws
   * `PortInUseError` (Docker's words: `Bind for 0.0.0.0:80 failed: port is already allocated`), `NoAddressLeftError`,
   * `AddressInUseError`, `NetworkNotFoundError`.
   */
  attach(request: AttachRequest): Promise<Attachment>;

  /** What a container that is still attached has now. */
  attachment(containerId: string): Attachment | undefined;

  /**
   * Takes an attached container onto one more network. Its default route and published ports move when the new endpoint
   * is the gateway of now. Throws as `attach`, and `NotAttachedError`, `EndpointExistsError`.
   */
  connect(containerId: string, endpoint: EndpointRequest): Promise<Attachment>;

  /** Takes an attached container off a network. Throws `NotAttachedError`, `NotConnectedError`. */
  disconnect(containerId: string, networkReference: string): Promise<Attachment>;

  /** From now on each endpoint of the container is found by `dnsNames(networkId)`. Nothing for one that is not attached. */
  rename(containerId: string, dnsNames: (networkId: string) => readonly string[]): void;

  /**
   * What has passed the interfaces of all attached containers, as they count it, by container id and interface. One
   * question to the kernel, whose answer grows with the host's interfaces.
   */
  traffic(): ReadonlyMap<string, Readonly<Record<string, InterfaceTraffic>>>;

  /** Unpublishes, disconnects, removes the namespace. Idempotent; resolves when the addresses and ports are free. */
  detach(containerId: string): Promise<void>;

  /** At start-up, once: takes over the attachments of `containerIds`, puts back what is missing, removes what nobody owns. */
  restore(containerIds: ReadonlySet<string>): Promise<void>;

  /** Interfaces, namespaces and addresses that do not fit the records: what `restore` would put right. Changes nothing. */
  check(): NetworkProblem[];
}

/** A network to be made. */
export interface NetworkCreateRequest {
  name: string;
  driver: string;
  /** Closed to the outside: no gateway, no way in or out. */
  internal: boolean;
  attachable: boolean;
  ingress: boolean;
  /** Only a template for networks that name it as `configFrom`. */
  configOnly: boolean;
  configFrom?: string;
  ipv4: boolean;
  /** Undefined: as the daemon decides, on where the host has IPv6. */
  ipv6?: boolean;
  ipam: IpamRequest;
  options: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
}

export interface IpamRequest {
  driver: string;
  options: Readonly<Record<string, string>>;
  config: readonly IpamConfig[];
}

/** One subnet with its addresses; a missing subnet is chosen from the default pools. */
export interface IpamConfig {
  subnet?: string;
  ipRange?: string;
  gateway?: string;
  auxAddresses?: Readonly<Record<string, string>>;
}

/** A network as it is; `ipam` shows the subnets that were chosen too. */
export interface NetworkInfo extends NetworkCreateRequest {
  id: string;
  scope: 'local';
  createdAt: string;
  ipv6: boolean;
  endpoints: readonly EndpointInfo[];
}

export interface AttachRequest {
  containerId: string;
  /** None: a namespace with loopback alone. */
  endpoints: readonly EndpointRequest[];
  ports: readonly PortRequest[];
  /** What it says that it serves: SRV records tell it, and containers that are linked to it reach it. None when missing. */
  exposedPorts?: readonly ContainerPorts[];
  /** What the container asked for (`--dns` …) or the daemon's; without `servers` the host's. */
  dns: DnsRequest;
  hostname: string;
  /**
   * Path of a network namespace that is the container's already, because it belongs to a user namespace: it is pinned in the
   * place of a fresh one.
   */
  namespace?: string;
  signal?: AbortSignal;
}

/** Ports of a container, from `first` to `last`. */
export interface ContainerPorts {
  protocol: 'tcp' | 'udp' | 'sctp';
  first: number;
  last: number;
}

export interface DnsRequest {
  servers?: readonly string[];
  search?: readonly string[];
  options?: readonly string[];
}

/** A container's wish for its place on one network. */
export interface EndpointRequest {
  /** Name or id. */
  network: string;
  ipv4Address?: string;
  ipv6Address?: string;
  linkLocalAddresses?: readonly string[];
  macAddress?: string;
  /** Names that other containers on this network find it by: its name, aliases, short id, hostname. */
  dnsNames: readonly string[];
  /** `--link other:alias`: alias → container id, for this container alone. */
  links: ReadonlyMap<string, string>;
  /**
   * Ids of containers on the network whose exposed ports stay open to this one where neighbours may not talk to each other
   * (`enable_icc=false`); by IPv4, as with Docker's links. None when missing.
   */
  linkedTo?: readonly string[];
  /** `com.docker.network.endpoint.ifname`, `com.docker.network.endpoint.sysctls` */
  driverOptions: Readonly<Record<string, string>>;
  /** The endpoint with the highest one has the default route. */
  gatewayPriority: number;
}

/** A container's place on one network. */
export interface EndpointInfo {
  containerId: string;
  networkId: string;
  networkName: string;
  endpointId: string;
  interfaceName: string;
  macAddress: string;
  ipv4?: EndpointAddress;
  ipv6?: EndpointAddress;
  linkLocalAddresses: readonly string[];
  dnsNames: readonly string[];
  gatewayPriority: number;
  driverOptions: Readonly<Record<string, string>>;
}

export interface EndpointAddress {
  address: string;
  prefixLength: number;
  /** Of the network; the default route goes by that of the first endpoint alone. */
  gateway?: string;
}

export interface PortRequest {
  protocol: 'tcp' | 'udp' | 'sctp';
  containerPort: number;
  /** Empty for all addresses. */
  hostAddress: string;
  /** A range to choose from; both 0: any free ephemeral port. */
  hostPortFirst: number;
  hostPortLast: number;
}

export interface PublishedPort {
  protocol: 'tcp' | 'udp' | 'sctp';
  containerPort: number;
  hostAddress: string;
  hostPort: number;
}

export interface Attachment {
  containerId: string;
  /** Path of the pinned network namespace. */
  namespacePath: string;
  /** The one with the default route first. */
  endpoints: readonly EndpointInfo[];
  /** One for each host address: `0.0.0.0` and `::` are two. */
  ports: readonly PublishedPort[];
  /** What resolv.conf is to say, of a container that asks the engine's own resolver: one on a user-defined network. */
  resolver?: { nameserver: string; upstream: readonly string[] };
}

export interface InterfaceTraffic {
  received: TrafficCount;
  sent: TrafficCount;
}

/** Since the interface was made. */
export interface TrafficCount {
  bytes: number;
  packets: number;
  errors: number;
  dropped: number;
}

/** Something in the kernel or the records that does not fit. `object` is a network's or a container's id, or a name. */
export interface NetworkProblem {
  object: string;
  fact: string;
}
