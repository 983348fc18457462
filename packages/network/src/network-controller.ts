/**
 * Gives containers their place on a network. All kernel state carries the container's id, so that a restarted engine
 * finds it, and whatever belongs to no container is removed by `restore`.
 */
export interface NetworkController {
  /**
   * Makes the container's network namespace, connects it and publishes its ports. Everything or nothing. Throws
   * `PortInUseError` (Docker's words: `Bind for 0.0.0.0:80 failed: port is already allocated`), `NoAddressLeftError`,
   * `NetworkNotFoundError`.
   */
  attach(request: AttachRequest): Promise<Attachment>;

  /** What `attach` gave a container that is still attached. */
  attachment(containerId: string): Attachment | undefined;

  /**
   * What has passed the interfaces of all attached containers, as they count it, by container id and interface. One
   * question to the kernel, whose answer grows with the host's interfaces.
   */
  traffic(): ReadonlyMap<string, Readonly<Record<string, InterfaceTraffic>>>;

  /** Unpublishes, disconnects, removes the namespace. Idempotent; resolves when the addresses and ports are free. */
  detach(containerId: string): Promise<void>;

  /** At start-up, once: takes over the attachments of `containerIds`, puts back what is missing, removes what nobody owns. */
  restore(containerIds: ReadonlySet<string>): Promise<void>;

  /** Predefined networks: `bridge`, `host`, `none`. */
  networks(): NetworkInfo[];
}

export interface AttachRequest {
  containerId: string;
  /** Name or id of the network: for now `bridge`. */
  network: string;
  ports: readonly PortRequest[];
  signal?: AbortSignal;
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
  networkId: string;
  networkName: string;
  endpointId: string;
  /** Path of the pinned network namespace. */
  namespacePath: string;
  interfaceName: string;
  ipAddress: string;
  prefixLength: number;
  gateway: string;
  macAddress: string;
  ports: readonly PublishedPort[];
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

export interface NetworkInfo {
  id: string;
  name: string;
  driver: 'bridge' | 'host' | 'null';
  createdAt: string;
  subnet?: string;
  gateway?: string;
  options: Readonly<Record<string, string>>;
  attachments: readonly Attachment[];
}
