import { createHash } from 'node:crypto';
import path from 'node:path';
import {
  AlreadyAttachedError,
  NetworkNotAttachableError,
  NetworkNotFoundError,
  NoAddressLeftError,
} from '../src/errors.ts';
import { AddressPool, macAddressOf } from '../src/ipam/address-pool.ts';
import { formatIPv4, formatSubnet, parseCidr } from '../src/ipam/subnet.ts';
import type {
  Attachment,
  AttachRequest,
  InterfaceTraffic,
  NetworkController,
  NetworkInfo,
} from '../src/network-controller.ts';
import { type PortReservation, PortTable } from '../src/ports/port-table.ts';

/** A fake: addresses and ports are given out as they would be, and nothing is made on the host. */
export class FakeNetworkController implements NetworkController {
  /** The next attach fails with it, once. */
  failure: Error | undefined;
  readonly #folder: string;
  readonly #subnet = parseCidr('172.17.0.1/16')?.subnet ?? { base: 0, prefixLength: 16 };
  readonly #pool = new AddressPool(this.#subnet, [this.#subnet.base + 1]);
  readonly #ports: PortTable;
  readonly #attached = new Map<string, { attachment: Attachment; reservation: PortReservation }>();

  /** `folder` is where the namespaces would be pinned. */
  constructor(folder: string = '/nowhere/netns') {
    this.#folder = folder;
    let ephemeralPort = 32768;
    this.#ports = new PortTable((_protocol, _address, port) => ({
      port: port === 0 ? ephemeralPort++ : port,
      [Symbol.dispose]: () => {},
    }));
  }

  attach({ containerId, network, ports, signal }: AttachRequest): Promise<Attachment> {
    return Promise.try(() => {
      signal?.throwIfAborted();
      const found = this.networks().find(({ id, name }) => network === id || network === name);
      if (found === undefined) throw new NetworkNotFoundError(network);
      if (found.driver !== 'bridge') throw new NetworkNotAttachableError(found.name);
      if (this.#attached.has(containerId)) throw new AlreadyAttachedError(containerId, found.name);
      this.#failOnce();
      const reservation = this.#ports.reserve(ports);
      const address = this.#pool.take();
      if (address === undefined) throw new NoAddressLeftError(found.name, formatSubnet(this.#subnet));
      const attachment: Attachment = {
        containerId,
        networkId: found.id,
        networkName: found.name,
        endpointId: idOf(`endpoint ${containerId}`),
        namespacePath: path.join(this.#folder, containerId),
        interfaceName: 'eth0',
        ipAddress: formatIPv4(address),
        prefixLength: this.#subnet.prefixLength,
        gateway: formatIPv4(this.#subnet.base + 1),
        macAddress: macAddressOf(address),
        ports: reservation.ports,
      };
      this.#attached.set(containerId, { attachment, reservation });
      return attachment;
    });
  }

  attachment(containerId: string): Attachment | undefined {
    return this.#attached.get(containerId)?.attachment;
  }

  /** Nothing ever passes. */
  traffic(): ReadonlyMap<string, Readonly<Record<string, InterfaceTraffic>>> {
    const none = { bytes: 0, packets: 0, errors: 0, dropped: 0 };
    return new Map([...this.#attached.keys()].map((id) => [id, { eth0: { received: none, sent: none } }]));
  }

  detach(containerId: string): Promise<void> {
    const attached = this.#attached.get(containerId);
    if (attached === undefined) return Promise.resolve();
    this.#attached.delete(containerId);
    attached.reservation[Symbol.dispose]();
    const address = parseCidr(`${attached.attachment.ipAddress}/32`)?.address;
    if (address !== undefined) this.#pool.release(address);
    return Promise.resolve();
  }

  async restore(containerIds: ReadonlySet<string>): Promise<void> {
    for (const containerId of this.#attached.keys()) {
      if (!containerIds.has(containerId)) await this.detach(containerId);
    }
  }

  networks(): NetworkInfo[] {
    const createdAt = new Date(0).toISOString();
    return [
      {
        id: idOf('bridge'),
        name: 'bridge',
        driver: 'bridge',
        createdAt,
        subnet: formatSubnet(this.#subnet),
        gateway: formatIPv4(this.#subnet.base + 1),
        options: { 'com.docker.network.bridge.name': 'gantry0' },
        attachments: [...this.#attached.values()].map(({ attachment }) => attachment),
      },
      { id: idOf('host'), name: 'host', driver: 'host', createdAt, options: {}, attachments: [] },
      { id: idOf('none'), name: 'none', driver: 'null', createdAt, options: {}, attachments: [] },
    ];
  }

  #failOnce(): void {
    const failure = this.failure;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }
}

function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}
