import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { errorMessage, faultPoint, KeyedLock, type Logger } from '@gantry/base';
import { findLink, isNamespacePinned, listLinks, releaseNetworkNamespace, removeLink } from '@gantry/kernel';
import type { Collection, MetadataStore } from '@gantry/state';
import { AlreadyAttachedError, NoAddressLeftError } from '../errors.ts';
import type { PortRule } from '../firewall/port-rules.ts';
import { AddressPool, macAddressOf } from '../ipam/address-pool.ts';
import { formatIPv4, formatSubnet, parseIPv4 } from '../ipam/subnet.ts';
import type { Attachment, AttachRequest, EndpointRequest, InterfaceTraffic } from '../network-controller.ts';
import { type PortPublisher, type PortReservation, portRules } from '../ports/port-publisher.ts';
import type { BridgePlan } from './bridge-device.ts';
import {
  type BridgeLink,
  bridgePort,
  containerInterface,
  createEndpoint,
  type EndpointRecord,
  markOf,
  reconnectEndpoint,
} from './endpoint.ts';
import { endpointTraffic } from './endpoint-traffic.ts';

export interface BridgeNetworkOptions {
  networkId: string;
  plan: BridgePlan;
  link: BridgeLink;
  store: Pick<MetadataStore, 'transaction'>;
  /** Endpoints by container id, in `store`. */
  endpoints: Collection<EndpointRecord>;
  publisher: PortPublisher;
  /** Directory of the pinned namespaces. */
  namespaces: string;
  logger: Logger;
}

const maxStale = 64;
/** How many addresses of dropped namespaces are looked at before one that nobody had lately is taken. */
const lingeringProbes = 16;

/** The containers on one Linux bridge: their addresses, interfaces and published ports. */
export class BridgeNetwork {
  readonly #options: BridgeNetworkOptions;
  readonly #pool: AddressPool;
  readonly #lock = new KeyedLock();
  readonly #records = new Map<string, EndpointRecord>();
  readonly #reservations = new Map<string, PortReservation>();
  /** Stored endpoints that are gone. A start-up pass would drop them too, so they go with the next change. */
  readonly #stale = new Set<string>();
  /** Freed addresses → the interface that had them, which the kernel may still be taking apart. */
  readonly #lingering = new Map<number, string>();

  /** Takes over the stored endpoints as they are; `restore` looks at them. */
  constructor(options: BridgeNetworkOptions) {
    this.#options = options;
    const { plan, endpoints, namespaces } = options;
    mkdirSync(namespaces, { recursive: true, mode: 0o700 });
    this.#pool = new AddressPool(plan.subnet, [plan.gateway]);
    for (const { key, document } of endpoints.entries()) {
      this.#records.set(key, document);
      this.#pool.hold(parseIPv4(document.ipAddress) ?? 0);
    }
  }

  attach(request: AttachRequest, endpoint: EndpointRequest): Promise<Attachment> {
    return this.#lock.run(request.containerId, () => this.#attach(request, endpoint), request.signal);
  }

  detach(containerId: string): Promise<void> {
    return this.#lock.run(containerId, () => this.#detach(containerId));
  }

  attachment(containerId: string): Attachment | undefined {
    const record = this.#records.get(containerId);
    return record && this.#attachmentOf(record);
  }

  traffic(): ReadonlyMap<string, Readonly<Record<string, InterfaceTraffic>>> {
    const { link, networkId } = this.#options;
    return endpointTraffic(link.socket, networkId);
  }

  attachments(): Attachment[] {
    return [...this.#records.values()].map((record) => this.#attachmentOf(record));
  }

  /** What is published, stored endpoints that are not restored yet included. */
  rules(): PortRule[] {
    return [...this.#records.values()].flatMap(({ ports, ipAddress }) =>
      portRules(ports, { ipv4: ipAddress }),
    );
  }

  async restore(containerIds: ReadonlySet<string>): Promise<void> {
    const gone = [...this.#records.keys()].filter((containerId) => !containerIds.has(containerId));
    await Promise.all(gone.map((containerId) => this.detach(containerId)));
    for (const record of this.#records.values()) {
      try {
        this.#restoreEndpoint(record);
      } catch (error) {
        const { containerId } = record;
        this.#options.logger.error('the container has lost its network', {
          containerId,
          error: errorMessage(error),
        });
      }
    }
    if (this.#stale.size > 0) this.#store();
    await this.#removeOrphans();
  }

  /** Gives up what this process holds. The containers keep their network. */
  close(): void {
    if (this.#stale.size > 0) this.#store();
    for (const reservation of this.#reservations.values()) reservation[Symbol.dispose]();
    this.#reservations.clear();
  }

  async #attach(
    { containerId, ports, namespace, signal }: AttachRequest,
    { dnsNames }: EndpointRequest,
  ): Promise<Attachment> {
    const { link, publisher } = this.#options;
    if (this.#records.has(containerId)) throw new AlreadyAttachedError(containerId);
    await using undo = new AsyncDisposableStack();
    const reservation = undo.use(publisher.reserve(ports, { ipv4: true, ipv6: false, defaultAddress: '' }));
    const record = this.#newRecord(containerId, reservation, dnsNames);
    undo.defer(() => this.#releaseAddress(record));
    this.#store(record);
    faultPoint('network-attach/recorded');
    undo.defer(() => void this.#stale.add(containerId));
    const namespacePath = this.#namespacePath(containerId);
    undo.defer(() => releaseNetworkNamespace(namespacePath));
    createEndpoint(link, namespacePath, record, namespace);
    faultPoint('network-attach/connected');
    await publisher.publish(reservation, { ipv4: record.ipAddress });
    undo.defer(() => publisher.unpublish(reservation));
    faultPoint('network-attach/published');
    signal?.throwIfAborted();
    undo.move();
    this.#records.set(containerId, record);
    this.#reservations.set(containerId, reservation);
    return this.#attachmentOf(record);
  }

  async #detach(containerId: string): Promise<void> {
    const record = this.#records.get(containerId);
    if (record === undefined) return;
    const { publisher } = this.#options;
    const reservation = this.#reservations.get(containerId);
    if (reservation !== undefined) await publisher.unpublish(reservation);
    else await publisher.withdraw(record.ports, { ipv4: record.ipAddress });
    faultPoint('network-detach/unpublished');
    await releaseNetworkNamespace(this.#namespacePath(containerId));
    faultPoint('network-detach/namespace-released');
    this.#stale.add(containerId);
    if (this.#stale.size >= maxStale) this.#store();
    this.#records.delete(containerId);
    reservation?.[Symbol.dispose]();
    this.#reservations.delete(containerId);
    this.#releaseAddress(record);
  }

  /** One change that survives this process: drops what is stale, and stores `record` before anything of it is in the kernel. */
  #store(record?: EndpointRecord): void {
    const { store, endpoints } = this.#options;
    const change = (): void => {
      for (const containerId of this.#stale) endpoints.delete(containerId);
      if (record !== undefined) endpoints.put(record.containerId, record);
    };
    store.transaction(change, { lasts: 'boot' });
    this.#stale.clear();
  }

  #newRecord(containerId: string, reservation: PortReservation, dnsNames: readonly string[]): EndpointRecord {
    const { networkId, plan } = this.#options;
    const address = this.#takeAddress();
    const endpointId = randomBytes(32).toString('hex');
    return {
      containerId,
      endpointId,
      networkId,
      hostInterface: `veth${endpointId.slice(0, 11)}`,
      ipAddress: formatIPv4(address),
      prefixLength: plan.subnet.prefixLength,
      gateway: formatIPv4(plan.gateway),
      macAddress: macAddressOf(address),
      ports: reservation.ports,
      dnsNames,
    };
  }

  /**
   * An interface goes a moment after its namespace, and until then it answers for its address: such an address is
   * passed over while there are others, and otherwise cleared by force.
   */
  #takeAddress(): number {
    const { link, plan } = this.#options;
    let probes = 0;
    const settled = this.#pool.take((address) => {
      const hostInterface = this.#lingering.get(address);
      if (hostInterface === undefined) return true;
      probes += 1;
      if (probes > lingeringProbes || findLink(link.socket, hostInterface) !== undefined) return false;
      this.#lingering.delete(address);
      return true;
    });
    const address = settled ?? this.#pool.take();
    if (address === undefined) throw new NoAddressLeftError('bridge', formatSubnet(plan.subnet));
    const former = this.#lingering.get(address);
    if (former !== undefined) removeLink(link.socket, former);
    this.#lingering.delete(address);
    return address;
  }

  #releaseAddress({ ipAddress, hostInterface }: EndpointRecord): void {
    const address = parseIPv4(ipAddress) ?? 0;
    this.#lingering.set(address, hostInterface);
    this.#pool.release(address);
  }

  #restoreEndpoint(record: EndpointRecord): void {
    const { link, logger, publisher } = this.#options;
    const { containerId, hostInterface, ports, ipAddress } = record;
    if (!this.#reservations.has(containerId)) {
      this.#reservations.set(containerId, publisher.adopt(ports, { ipv4: ipAddress }));
    }
    const namespacePath = this.#namespacePath(containerId);
    if (!isNamespacePinned(namespacePath)) {
      logger.warn('the network namespace of a running container is gone', { containerId, namespacePath });
      return;
    }
    const present = findLink(link.socket, hostInterface);
    if (present === undefined) reconnectEndpoint(link, namespacePath, record);
    else if (present.masterIndex !== link.index || !present.up) bridgePort(link, hostInterface);
  }

  /** Interfaces and namespaces of this network that no stored endpoint has. */
  async #removeOrphans(): Promise<void> {
    const { link, logger, namespaces, networkId } = this.#options;
    const marks = new Set([...this.#records.values()].map(markOf));
    const ours = markOf({ networkId, containerId: '' });
    for (const { alias, name } of listLinks(link.socket)) {
      if (!alias.startsWith(ours) || marks.has(alias)) continue;
      logger.info('removing an interface that no container has', { interface: name });
      removeLink(link.socket, name);
      await setImmediate();
    }
    for (const containerId of readdirSync(namespaces)) {
      if (!this.#records.has(containerId)) await releaseNetworkNamespace(this.#namespacePath(containerId));
    }
  }

  #namespacePath(containerId: string): string {
    return path.join(this.#options.namespaces, containerId);
  }

  #attachmentOf(record: EndpointRecord): Attachment {
    const { containerId, endpointId, networkId, ipAddress, prefixLength, gateway, macAddress } = record;
    const endpoint = {
      containerId,
      networkId,
      networkName: 'bridge',
      endpointId,
      interfaceName: containerInterface,
      macAddress,
      ipv4: { address: ipAddress, prefixLength, gateway },
      linkLocalAddresses: [],
      dnsNames: record.dnsNames ?? [],
      gatewayPriority: 0,
      driverOptions: {},
    };
    const namespacePath = this.#namespacePath(containerId);
    return { containerId, namespacePath, endpoints: [endpoint], ports: record.ports };
  }
}
