import { createHash } from 'node:crypto';
import path from 'node:path';
import {
  AlreadyAttachedError,
  EndpointExistsError,
  NetworkInUseError,
  NetworkNameTakenError,
  NetworkNotAttachableError,
  NetworkNotFoundError,
  NoAddressLeftError,
  NotAttachedError,
  NotConnectedError,
  PredefinedNetworkError,
} from '../src/errors.ts';
import { AddressPool, macAddressOf } from '../src/ipam/address-pool.ts';
import { DefaultPools } from '../src/ipam/default-pools.ts';
import { formatAddress, formatSubnet, parseAddress, type Subnet, subnetFrom } from '../src/ipam/subnet.ts';
import type {
  Attachment,
  AttachRequest,
  EndpointInfo,
  EndpointRequest,
  InterfaceTraffic,
  NetworkController,
  NetworkCreateRequest,
  NetworkInfo,
  NetworkProblem,
} from '../src/network-controller.ts';
import { type HeldPorts, PortTable } from '../src/ports/port-table.ts';
import { networkRequest } from './requests.ts';

interface FakeNetwork {
  info: Omit<NetworkInfo, 'endpoints'>;
  pool: AddressPool | undefined;
}

interface FakeSandbox {
  endpoints: EndpointInfo[];
  reservation: HeldPorts;
}

/** A fake: addresses and ports are given out as they would be, and nothing is made on the host. */
export class FakeNetworkController implements NetworkController {
  /** The next attach fails with it, once. */
  failure: Error | undefined;
  readonly #folder: string;
  readonly #ports: PortTable;
  readonly #networks: FakeNetwork[] = [];
  readonly #pools = new DefaultPools('fd00:aaaa:bbbb::/48');
  readonly #sandboxes = new Map<string, FakeSandbox>();

  /** `folder` is where the namespaces would be pinned. */
  constructor(folder: string = '/nowhere/netns') {
    this.#folder = folder;
    let ephemeralPort = 32768;
    this.#ports = new PortTable({
      ipv6: true,
      bindSocket: (_protocol, _address, port) => ({
        port: port === 0 ? ephemeralPort++ : port,
        take: () => undefined,
        [Symbol.dispose]: () => {},
      }),
    });
    const options = { 'com.docker.network.bridge.name': 'gantry0' };
    this.#add(networkRequest('bridge', { options }), subnetFrom('172.17.0.0/16'));
    this.#add(networkRequest('host', { driver: 'host' }), undefined);
    this.#add(networkRequest('none', { driver: 'null' }), undefined);
  }

  createNetwork(request: NetworkCreateRequest): Promise<NetworkInfo> {
    return Promise.try(() => {
      const { name, ipam } = request;
      if (this.#networks.some(({ info }) => info.name === name)) throw new NetworkNameTakenError(name);
      const taken = this.#networks.flatMap(({ pool }) => (pool === undefined ? [] : [pool.subnet]));
      const wish = ipam.config[0]?.subnet;
      return this.#add(request, wish === undefined ? this.#pools.choose(4, taken) : subnetFrom(wish));
    });
  }

  network(reference: string): NetworkInfo {
    return this.#infoOf(this.#find(reference));
  }

  networks(): NetworkInfo[] {
    return this.#networks.map((network) => this.#infoOf(network));
  }

  removeNetwork(reference: string): Promise<void> {
    return Promise.try(() => {
      const network = this.#find(reference);
      const { name, endpoints } = this.#infoOf(network);
      if (this.#networks.indexOf(network) < 3) throw new PredefinedNetworkError(name);
      if (endpoints.length > 0) throw new NetworkInUseError(name, endpoints.map(nameAndId));
      this.#networks.splice(this.#networks.indexOf(network), 1);
    });
  }

  checkEndpoint({ network }: EndpointRequest): void {
    this.#find(network);
  }

  attach({ containerId, endpoints, ports, signal }: AttachRequest): Promise<Attachment> {
    return Promise.try(() => {
      signal?.throwIfAborted();
      if (this.#sandboxes.has(containerId)) throw new AlreadyAttachedError(containerId);
      this.#failOnce();
      const reservation = this.#ports.reserve(ports, { ipv4: true, ipv6: false, defaultAddress: '' });
      const sandbox: FakeSandbox = { endpoints: [], reservation };
      try {
        for (const endpoint of endpoints) this.#join(containerId, sandbox, endpoint);
      } catch (error) {
        this.#release(sandbox);
        throw error;
      }
      this.#sandboxes.set(containerId, sandbox);
      return this.#attachmentOf(containerId, sandbox);
    });
  }

  attachment(containerId: string): Attachment | undefined {
    const sandbox = this.#sandboxes.get(containerId);
    return sandbox && this.#attachmentOf(containerId, sandbox);
  }

  connect(containerId: string, endpoint: EndpointRequest): Promise<Attachment> {
    return Promise.try(() => {
      const sandbox = this.#sandboxOf(containerId);
      this.#join(containerId, sandbox, endpoint);
      return this.#attachmentOf(containerId, sandbox);
    });
  }

  disconnect(containerId: string, networkReference: string): Promise<Attachment> {
    return Promise.try(() => {
      const sandbox = this.#sandboxOf(containerId);
      const { info } = this.#find(networkReference);
      const left = sandbox.endpoints.find(({ networkId }) => networkId === info.id);
      if (left === undefined) throw new NotConnectedError(containerId, info.name);
      this.#leave(left);
      sandbox.endpoints = sandbox.endpoints.filter((each) => each !== left);
      return this.#attachmentOf(containerId, sandbox);
    });
  }

  rename(containerId: string, dnsNames: (networkId: string) => readonly string[]): void {
    const sandbox = this.#sandboxes.get(containerId);
    if (sandbox === undefined) return;
    sandbox.endpoints = sandbox.endpoints.map((endpoint) => ({
      ...endpoint,
      dnsNames: dnsNames(endpoint.networkId),
    }));
  }

  /** Nothing ever passes. */
  traffic(): ReadonlyMap<string, Readonly<Record<string, InterfaceTraffic>>> {
    const none = { bytes: 0, packets: 0, errors: 0, dropped: 0 };
    const count = ({ endpoints }: FakeSandbox): Record<string, InterfaceTraffic> =>
      Object.fromEntries(
        endpoints.map(({ interfaceName }) => [interfaceName, { received: none, sent: none }]),
      );
    return new Map([...this.#sandboxes].map(([id, sandbox]) => [id, count(sandbox)]));
  }

  detach(containerId: string): Promise<void> {
    const sandbox = this.#sandboxes.get(containerId);
    this.#sandboxes.delete(containerId);
    if (sandbox !== undefined) this.#release(sandbox);
    return Promise.resolve();
  }

  async restore(containerIds: ReadonlySet<string>): Promise<void> {
    for (const containerId of this.#sandboxes.keys()) {
      if (!containerIds.has(containerId)) await this.detach(containerId);
    }
  }

  check(): NetworkProblem[] {
    return [];
  }

  #add(request: NetworkCreateRequest, subnet: Subnet | undefined): NetworkInfo {
    const pool = subnet && new AddressPool(subnet, { reserved: [subnet.base + 1n] });
    const config = subnet ? [{ subnet: formatSubnet(subnet), gateway: gatewayOf(subnet) }] : [];
    const network: FakeNetwork = {
      info: {
        ...request,
        ipv6: request.ipv6 ?? false,
        ipam: { ...request.ipam, config },
        id: idOf(request.name),
        scope: 'local',
        createdAt: new Date(0).toISOString(),
      },
      pool,
    };
    this.#networks.push(network);
    return this.#infoOf(network);
  }

  #find(reference: string): FakeNetwork {
    const found =
      this.#networks.find(({ info }) => reference === info.id || reference === info.name) ??
      this.#networks.find(({ info }) => reference !== '' && info.id.startsWith(reference));
    if (found === undefined) throw new NetworkNotFoundError(reference);
    return found;
  }

  #infoOf({ info }: FakeNetwork): NetworkInfo {
    const endpoints = [...this.#sandboxes.values()].flatMap((sandbox) => sandbox.endpoints);
    return { ...info, endpoints: endpoints.filter(({ networkId }) => networkId === info.id) };
  }

  #sandboxOf(containerId: string): FakeSandbox {
    const sandbox = this.#sandboxes.get(containerId);
    if (sandbox === undefined) throw new NotAttachedError(containerId);
    return sandbox;
  }

  #join(containerId: string, sandbox: FakeSandbox, request: EndpointRequest): void {
    const { info, pool } = this.#find(request.network);
    if (pool === undefined) throw new NetworkNotAttachableError(info.name);
    if (sandbox.endpoints.some(({ networkId }) => networkId === info.id)) {
      throw new EndpointExistsError(request.dnsNames[0] ?? containerId, info.name);
    }
    const wish = request.ipv4Address === undefined ? undefined : parseAddress(request.ipv4Address)?.value;
    if (wish !== undefined) pool.hold(wish);
    const address = wish ?? pool.take();
    if (address === undefined) throw new NoAddressLeftError(info, 4);
    const used = new Set(sandbox.endpoints.map(({ interfaceName }) => interfaceName));
    let index = 0;
    while (used.has(`eth${index}`)) index += 1;
    const { dnsNames, gatewayPriority, driverOptions } = request;
    sandbox.endpoints.push({
      containerId,
      networkId: info.id,
      networkName: info.name,
      endpointId: idOf(`endpoint ${containerId} ${info.name}`),
      interfaceName: `eth${index}`,
      macAddress: request.macAddress ?? macAddressOf(address),
      ipv4: {
        address: formatAddress({ family: 4, value: address }),
        prefixLength: pool.subnet.prefixLength,
        gateway: gatewayOf(pool.subnet),
      },
      linkLocalAddresses: request.linkLocalAddresses ?? [],
      dnsNames,
      gatewayPriority,
      driverOptions,
    });
  }

  #leave({ networkId, ipv4 }: EndpointInfo): void {
    const pool = this.#networks.find(({ info }) => info.id === networkId)?.pool;
    pool?.release(parseAddress(ipv4?.address ?? '')?.value ?? 0n);
  }

  #release({ endpoints, reservation }: FakeSandbox): void {
    for (const endpoint of endpoints) this.#leave(endpoint);
    reservation[Symbol.dispose]();
  }

  #attachmentOf(containerId: string, { endpoints, reservation }: FakeSandbox): Attachment {
    const byPriority = endpoints.toSorted(
      (one, other) =>
        other.gatewayPriority - one.gatewayPriority || one.networkName.localeCompare(other.networkName),
    );
    return {
      containerId,
      namespacePath: path.join(this.#folder, containerId),
      endpoints: byPriority,
      ports: reservation.ports,
      ...(endpoints.some(({ networkName }) => networkName !== 'bridge') && { resolver }),
    };
  }

  #failOnce(): void {
    const failure = this.failure;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }
}

/** What the real one says where the host has no name server. */
const resolver = { nameserver: '127.0.0.11', upstream: [] };

function nameAndId({ dnsNames, endpointId, containerId }: EndpointInfo): {
  name: string;
  endpointId: string;
} {
  return { name: dnsNames[0] ?? containerId, endpointId };
}

function gatewayOf({ base }: Subnet): string {
  return formatAddress({ family: 4, value: base + 1n });
}

function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}
