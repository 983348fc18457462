import { faultPoint, type Logger } from '@gantry/base';
import type { Collection } from '@gantry/state';
import type { NetworkDriver } from '../drivers/network-driver.ts';
import {
  AmbiguousNetworkError,
  InvalidNetworkError,
  NetworkInUseError,
  NetworkNameTakenError,
  NetworkNotFoundError,
  PredefinedNetworkError,
} from '../errors.ts';
import type { Firewall } from '../firewall/firewall.ts';
import { type Lingering, NetworkAddresses } from '../ipam/network-addresses.ts';
import type { NetworkCreateRequest } from '../network-controller.ts';
import type { EndpointRecord } from '../sandbox/sandbox-record.ts';
import { isPredefined, type NetworkRecord } from './network-record.ts';
import { type NetworkSurroundings, planNetwork } from './plan-network.ts';

/** A network, with who is on it. */
export interface LiveNetwork {
  readonly record: NetworkRecord;
  /** Undefined of networks without endpoints of ours: `host`, `none`, configurations. */
  readonly driver: NetworkDriver | undefined;
  readonly addresses: NetworkAddresses;
  /** By container id; those under way too. */
  readonly endpoints: Map<string, EndpointRecord>;
}

export interface RegistryParts {
  /** User-defined networks, by id. */
  collection: Collection<NetworkRecord>;
  drivers: ReadonlyMap<string, NetworkDriver>;
  firewall: Pick<Firewall, 'addNetwork' | 'removeNetwork'> | undefined;
  lingering: Lingering;
  /** Called when a network's bridge has been made, and before it goes. */
  bridges: { made(name: string): Promise<void>; goes(name: string): Promise<void> };
  surroundings: (networks: readonly NetworkRecord[]) => NetworkSurroundings;
  logger: Logger;
}

/** All networks of this engine. Changes of one name or network do not overlap: what is under way counts as there. */
export class NetworkRegistry {
  readonly #parts: RegistryParts;
  readonly #networks = new Map<string, LiveNetwork>();
  /** Networks that are being made, not listed yet. */
  readonly #planned = new Map<string, NetworkRecord>();
  /** Ids of networks that are being removed: nobody joins them any more. */
  readonly #leaving = new Set<string>();

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  /** Takes a network in that is there: a predefined one, or one of a start. */
  add(record: NetworkRecord): LiveNetwork {
    const { drivers, lingering } = this.#parts;
    const network: LiveNetwork = {
      record,
      driver: record.configOnly ? undefined : drivers.get(record.driver),
      addresses: new NetworkAddresses(
        record.configOnly ? { ...record, ipam: { config: [] } } : record,
        lingering,
      ),
      endpoints: new Map(),
    };
    this.#networks.set(record.id, network);
    return network;
  }

  /** In order of creation, the predefined ones first. */
  all(): LiveNetwork[] {
    return [...this.#networks.values()];
  }

  get(id: string): LiveNetwork | undefined {
    return this.#networks.get(id);
  }

  /** By name, id, or unique prefix of the id. Throws `NetworkNotFoundError`, `AmbiguousNetworkError`. */
  find(reference: string): LiveNetwork {
    const exact = this.#networks.get(reference) ?? this.all().find(({ record }) => record.name === reference);
    if (exact !== undefined) return exact;
    const [found, another] =
      reference === '' ? [] : this.all().filter(({ record }) => record.id.startsWith(reference));
    if (found === undefined) throw new NetworkNotFoundError(reference);
    if (another !== undefined) throw new AmbiguousNetworkError(reference);
    return found;
  }

  /** A network that containers can join now. Throws also `InvalidNetworkError` of a configuration. */
  joinable(reference: string): LiveNetwork {
    const network = this.#present(reference);
    if (network.record.configOnly) {
      throw new InvalidNetworkError('cannot create endpoint on configuration-network', 'forbidden');
    }
    return network;
  }

  /** Makes a network; everything or nothing. It is durable before anything of it is in the kernel. */
  async create(request: NetworkCreateRequest): Promise<LiveNetwork> {
    const records = [...this.all().map(({ record }) => record), ...this.#planned.values()];
    if (records.some(({ name }) => name === request.name)) throw new NetworkNameTakenError(request.name);
    const record = planNetwork(request, this.#parts.surroundings(records));
    this.#planned.set(record.id, record);
    try {
      this.#parts.collection.put(record.id, record);
      faultPoint('network-create/recorded');
      await this.#establish(record);
      return this.add(record);
    } finally {
      this.#planned.delete(record.id);
    }
  }

  /** Throws `NetworkNotFoundError`, `PredefinedNetworkError`, `NetworkInUseError`. */
  async remove(reference: string): Promise<void> {
    const { record, endpoints } = this.#present(reference);
    if (isPredefined(record.name)) throw new PredefinedNetworkError(record.name);
    if (endpoints.size > 0) throw new NetworkInUseError(record.name, [...endpoints].map(nameAndId));
    if (record.configOnly && this.all().some((other) => other.record.configFrom === record.name)) {
      throw new InvalidNetworkError(
        `error while removing network: configuration network "${record.name}" is in use`,
        'forbidden',
      );
    }
    this.#leaving.add(record.id);
    try {
      this.#parts.collection.put(record.id, { ...record, removing: true });
      faultPoint('network-remove/marked');
      await this.removeRest(record);
      this.#networks.delete(record.id);
    } finally {
      this.#leaving.delete(record.id);
    }
  }

  /** Ends a removal that has begun, or takes away what a failed creation has made. Idempotent. */
  async removeRest(record: NetworkRecord): Promise<void> {
    const { collection, drivers, firewall, bridges } = this.#parts;
    const driver = record.configOnly ? undefined : drivers.get(record.driver);
    if (driver !== undefined) {
      const filter = driver.filter(record);
      if (filter !== undefined) await bridges.goes(filter.bridge);
      await driver.remove(record);
      faultPoint('network-remove/removed');
      if (filter !== undefined) await firewall?.removeNetwork(record.id);
      faultPoint('network-remove/unfiltered');
    }
    collection.delete(record.id);
    faultPoint('network-remove/forgotten');
  }

  async #establish(record: NetworkRecord): Promise<void> {
    const { drivers, firewall, bridges, logger } = this.#parts;
    const driver = record.configOnly ? undefined : drivers.get(record.driver);
    if (driver === undefined) return;
    try {
      // Closed before it is open: no packet passes a bridge that the rules do not know.
      const filter = driver.filter(record);
      if (filter !== undefined) await firewall?.addNetwork(filter);
      faultPoint('network-create/filtered');
      await driver.establish(record);
      faultPoint('network-create/established');
      if (filter !== undefined) await bridges.made(filter.bridge);
    } catch (error) {
      await this.removeRest(record).catch((failure: unknown) => {
        logger.error('what a failed network has made stays behind', {
          network: record.name,
          error: String(failure),
        });
      });
      throw error;
    }
  }

  /** One that is not being removed. */
  #present(reference: string): LiveNetwork {
    const network = this.find(reference);
    if (this.#leaving.has(network.record.id)) throw new NetworkNotFoundError(reference);
    return network;
  }
}

function nameAndId([containerId, { dnsNames, endpointId }]: [string, EndpointRecord]): {
  name: string;
  endpointId: string;
} {
  return { name: dnsNames[0] ?? containerId, endpointId };
}
