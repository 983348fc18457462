import { randomBytes } from 'node:crypto';
import type { Clock } from '@gantry/base';
import type { Collection, MetadataStore } from '@gantry/state';

/** A network as it is stored. */
export interface NetworkRecord {
  id: string;
  createdAt: string;
  /** The bridge's address with its prefix, as it was chosen; not of `host` and `none`. */
  bridgeAddress?: string;
}

export type PredefinedName = 'bridge' | 'host' | 'none';

/** The three networks that are always there. Ids are made at first use and stay. */
export class PredefinedNetworks {
  readonly #collection: Collection<NetworkRecord>;
  readonly #records: Record<PredefinedName, NetworkRecord>;

  constructor(store: MetadataStore, clock: Clock) {
    this.#collection = store.collection<NetworkRecord>('networks', { version: 1 });
    const load = (name: PredefinedName): NetworkRecord => this.#load(name, clock);
    this.#records = store.transaction(() => ({
      bridge: load('bridge'),
      host: load('host'),
      none: load('none'),
    }));
  }

  get(name: PredefinedName): NetworkRecord {
    return this.#records[name];
  }

  /** Remembers the bridge's address, so that it stays when the host's routes change. */
  rememberBridgeAddress(bridgeAddress: string): void {
    if (this.#records.bridge.bridgeAddress === bridgeAddress) return;
    this.#records.bridge = { ...this.#records.bridge, bridgeAddress };
    this.#collection.put('bridge', this.#records.bridge);
  }

  #load(name: PredefinedName, clock: Clock): NetworkRecord {
    const stored = this.#collection.get(name);
    if (stored !== undefined) return stored;
    const created = { id: randomBytes(32).toString('hex'), createdAt: clock.now().toISOString() };
    this.#collection.put(name, created);
    return created;
  }
}
