import { errorMessage, faultPoint, KeyedLock, type Logger } from '@gantry/base';
import { type NetlinkSocket, releaseNetworkNamespace } from '@gantry/kernel';
import { AlreadyAttachedError, NotAttachedError, NotConnectedError } from '../errors.ts';
import type { AttachRequest, EndpointRequest, InterfaceTraffic } from '../network-controller.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import { type Gateways, gatewaysOf, inGatewayOrder, type JoinedEndpoint } from './gateways.ts';
import { giveUpEndpoint, planEndpoint } from './plan-endpoint.ts';
import type { SandboxKernel } from './sandbox-kernel.ts';
import type { SandboxLinks } from './sandbox-links.ts';
import type { SandboxNames } from './sandbox-names.ts';
import type { SandboxPorts } from './sandbox-ports.ts';
import type { EndpointRecord, SandboxRecord } from './sandbox-record.ts';
import type { SandboxStore } from './sandbox-store.ts';
import { bridgeTraffic, insideTraffic } from './sandbox-traffic.ts';

export interface SandboxParts {
  registry: NetworkRegistry;
  store: SandboxStore;
  kernel: SandboxKernel;
  ports: SandboxPorts;
  names: SandboxNames;
  links: SandboxLinks;
  /** A route socket of the host. */
  socket: NetlinkSocket;
  logger: Logger;
}

/** The sandboxes of this engine's containers. Changes of one container's follow each other. */
export class Sandboxes {
  readonly #parts: SandboxParts;
  readonly #lock = new KeyedLock();
  readonly #records = new Map<string, SandboxRecord>();
  /** Containers whose sandbox is being changed. */
  readonly #busy = new Set<string>();

  constructor(parts: SandboxParts) {
    this.#parts = parts;
  }

  get records(): ReadonlyMap<string, SandboxRecord> {
    return this.#records;
  }

  get busy(): ReadonlySet<string> {
    return this.#busy;
  }

  /** Takes over a stored sandbox as it is. Endpoints of networks that are gone are no more. */
  adopt(record: SandboxRecord): void {
    const { registry } = this.#parts;
    const endpoints = record.endpoints.filter((endpoint) => {
      const network = registry.get(endpoint.networkId);
      network?.endpoints.set(record.containerId, endpoint);
      for (const own of [endpoint.ipv4, endpoint.ipv6]) {
        if (own !== undefined) network?.addresses.hold(own.address);
      }
      return network !== undefined;
    });
    this.#records.set(record.containerId, { ...record, endpoints });
  }

  attach(request: AttachRequest): Promise<SandboxRecord> {
    return this.#exclusively(request.containerId, () => this.#attach(request), request.signal);
  }

  connect(containerId: string, wish: EndpointRequest): Promise<SandboxRecord> {
    return this.#exclusively(containerId, () => this.#connect(containerId, wish));
  }

  disconnect(containerId: string, networkReference: string): Promise<SandboxRecord> {
    return this.#exclusively(containerId, () => this.#disconnect(containerId, networkReference));
  }

  detach(containerId: string): Promise<void> {
    return this.#exclusively(containerId, () => this.#detach(containerId));
  }

  /** Gives the endpoints other names. */
  rename(containerId: string, dnsNames: (networkId: string) => readonly string[]): void {
    const record = this.#records.get(containerId);
    if (record === undefined) return;
    const endpoints = record.endpoints.map((endpoint) => ({
      ...endpoint,
      dnsNames: dnsNames(endpoint.networkId),
    }));
    for (const endpoint of endpoints) {
      this.#parts.registry.get(endpoint.networkId)?.endpoints.set(containerId, endpoint);
    }
    const renamed = this.#keep({ ...record, endpoints });
    this.#parts.names.rename(renamed, this.ordered(renamed));
  }

  traffic(): ReadonlyMap<string, Readonly<Record<string, InterfaceTraffic>>> {
    const { socket, kernel, registry } = this.#parts;
    const found = bridgeTraffic(socket, this.#records);
    for (const [containerId, record] of this.#records) {
      const bridged = record.endpoints.every(
        ({ networkId }) => registry.get(networkId)?.record.driver === 'bridge',
      );
      if (bridged || !kernel.isThere(containerId)) continue;
      const inside = insideTraffic(kernel.path(containerId), record);
      found.set(containerId, { ...inside, ...found.get(containerId) });
    }
    return found;
  }

  /** The endpoints in gateway order. */
  ordered({ endpoints }: SandboxRecord): JoinedEndpoint[] {
    return inGatewayOrder(this.#joined(endpoints));
  }

  /** Puts back what is missing of a sandbox that was taken over. Logs what cannot be. */
  async restore(record: SandboxRecord): Promise<void> {
    const { kernel, ports, names, links, logger } = this.#parts;
    const { containerId } = record;
    try {
      const ordered = this.ordered(record);
      const gateways = gatewaysOf(ordered);
      ports.adopt(record, gateways);
      await links.follow(record, this.#records);
      if (!kernel.isThere(containerId)) {
        logger.warn('the network namespace of a running container is gone', { containerId });
        return;
      }
      kernel.mend(containerId, ordered, gateways);
      await names.follow(record, ordered, kernel.path(containerId));
    } catch (error) {
      logger.error('the container has lost its network', { containerId, error: errorMessage(error) });
    }
  }

  async #attach(request: AttachRequest): Promise<SandboxRecord> {
    const { containerId, dns, hostname, signal } = request;
    const { store, kernel, ports, names, links, registry } = this.#parts;
    if (this.#records.has(containerId)) throw new AlreadyAttachedError(containerId);
    await using undo = new AsyncDisposableStack();
    const joined: JoinedEndpoint[] = [];
    for (const wish of request.endpoints) {
      const others = joined.map(({ endpoint }) => endpoint);
      const planned = planEndpoint(registry, { containerId, others }, wish);
      undo.defer(() => giveUpEndpoint(containerId, planned));
      joined.push(planned);
    }
    const ordered = inGatewayOrder(joined);
    const gateways = gatewaysOf(ordered);
    const published = ports.reserve(containerId, request.ports, gateways);
    undo.defer(() => ports.release(containerId));
    const endpoints = joined.map(({ endpoint }) => endpoint);
    const record = {
      containerId,
      endpoints,
      wantedPorts: request.ports,
      ports: published,
      ...(request.exposedPorts && { exposedPorts: request.exposedPorts }),
      dns,
      hostname,
    };
    store.put(record);
    faultPoint('network-attach/recorded');
    undo.defer(() => store.drop(containerId));
    undo.defer(() => releaseNetworkNamespace(kernel.path(containerId)));
    kernel.create(containerId, joined, { gateways, existing: request.namespace });
    faultPoint('network-attach/connected');
    if (published.length > 0) {
      await ports.publish(containerId, gateways);
      faultPoint('network-attach/published');
      undo.defer(() => ports.unpublish(record, gateways));
    }
    undo.defer(() => names.forget(containerId));
    await names.open(record, ordered, kernel.path(containerId));
    undo.defer(() => links.forget(containerId, this.#records));
    await links.follow(record, this.#records);
    signal?.throwIfAborted();
    undo.move();
    this.#records.set(containerId, record);
    return record;
  }

  async #connect(containerId: string, wish: EndpointRequest): Promise<SandboxRecord> {
    const { registry, kernel, ports } = this.#parts;
    const record = this.#recordOf(containerId);
    const before = this.#gatewaysOf(record);
    await using undo = new AsyncDisposableStack();
    const planned = planEndpoint(registry, { containerId, others: record.endpoints }, wish);
    undo.defer(() => giveUpEndpoint(containerId, planned));
    const joined = { ...record, endpoints: [...record.endpoints, planned.endpoint] };
    const after = this.#gatewaysOf(joined);
    this.#keep(joined);
    faultPoint('network-connect/recorded');
    undo.defer(() => void this.#keep(record));
    undo.defer(() => kernel.leave(containerId, planned, before));
    kernel.join(containerId, planned, { before, after });
    faultPoint('network-connect/joined');
    const published = await ports.move(record, before, after);
    faultPoint('network-connect/published');
    undo.move();
    const kept = published === record.ports ? joined : this.#keep({ ...joined, ports: published });
    await this.#follow(kept);
    return kept;
  }

  async #disconnect(containerId: string, networkReference: string): Promise<SandboxRecord> {
    const { registry, kernel, ports } = this.#parts;
    const record = this.#recordOf(containerId);
    const network = registry.find(networkReference);
    const endpoint = record.endpoints.find(({ networkId }) => networkId === network.record.id);
    if (endpoint === undefined) throw new NotConnectedError(containerId, network.record.name);
    const before = this.#gatewaysOf(record);
    const left = { ...record, endpoints: record.endpoints.filter((other) => other !== endpoint) };
    const after = this.#gatewaysOf(left);
    const published = await ports.move(record, before, after);
    faultPoint('network-disconnect/ports-moved');
    await kernel.leave(containerId, { endpoint, network }, after);
    faultPoint('network-disconnect/left');
    const kept = this.#keep({ ...left, ports: published });
    faultPoint('network-disconnect/recorded');
    giveUpEndpoint(containerId, { endpoint, network });
    await this.#follow(kept);
    return kept;
  }

  async #detach(containerId: string): Promise<void> {
    const record = this.#records.get(containerId);
    if (record === undefined) return;
    const { store, kernel, ports, names, links } = this.#parts;
    await ports.unpublish(record, this.#gatewaysOf(record));
    await links.forget(containerId, this.#records);
    faultPoint('network-detach/unpublished');
    names.forget(containerId);
    await releaseNetworkNamespace(kernel.path(containerId));
    faultPoint('network-detach/namespace-released');
    store.drop(containerId);
    this.#records.delete(containerId);
    ports.release(containerId);
    for (const joined of this.#joined(record.endpoints)) giveUpEndpoint(containerId, joined);
  }

  /** A container whose links or resolver cannot be opened goes on without: it is connected. */
  async #follow(record: SandboxRecord): Promise<void> {
    const { names, kernel, links, logger } = this.#parts;
    const { containerId } = record;
    try {
      await links.follow(record, this.#records);
      await names.follow(record, this.ordered(record), kernel.path(containerId));
    } catch (error) {
      logger.error('the container has no links or no resolver', { containerId, error: errorMessage(error) });
    }
  }

  #keep(record: SandboxRecord): SandboxRecord {
    this.#parts.store.put(record);
    this.#records.set(record.containerId, record);
    return record;
  }

  #recordOf(containerId: string): SandboxRecord {
    const record = this.#records.get(containerId);
    if (record === undefined) throw new NotAttachedError(containerId);
    return record;
  }

  #gatewaysOf(record: SandboxRecord): Gateways {
    return gatewaysOf(this.ordered(record));
  }

  #joined(endpoints: readonly EndpointRecord[]): JoinedEndpoint[] {
    return endpoints.flatMap((endpoint) => {
      const network = this.#parts.registry.get(endpoint.networkId);
      return network === undefined ? [] : [{ endpoint, network }];
    });
  }

  #exclusively<T>(containerId: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#lock.run(
      containerId,
      async () => {
        this.#busy.add(containerId);
        try {
          return await work();
        } finally {
          this.#busy.delete(containerId);
        }
      },
      signal,
    );
  }
}
