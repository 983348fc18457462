import { randomBytes } from 'node:crypto';
import type { Clock } from '@gantry/base';
import type { Collection, MetadataStore } from '@gantry/state';
import { type PredefinedName, predefinedNames } from './network-record.ts';

/** A predefined network as it is stored. */
export interface PredefinedRecord {
  id: string;
  createdAt: string;
  /** The bridge's address with its prefix, as it was chosen; not of `host` and `none`. */
  bridgeAddress?: string;
  /** Its IPv6 subnet, where it has one. */
  bridgeSubnet6?: string;
}

/** The three networks that are always there. Ids are made at first use and stay. */
export class PredefinedNetworks {
  readonly #collection: Collection<PredefinedRecord>;
  readonly #records: Readonly<Record<PredefinedName, PredefinedRecord>>;

  constructor(store: MetadataStore, clock: Clock) {
    this.#collection = store.collection<PredefinedRecord>('networks', { version: 1 });
    const load = (name: PredefinedName): PredefinedRecord => this.#load(name, clock);
    this.#records = store.transaction(() => ({
      bridge: load('bridge'),
      host: load('host'),
      none: load('none'),
    }));
  }

  get(name: PredefinedName): PredefinedRecord {
    return this.#records[name];
  }

  /** Whether an id is one of theirs. */
  has(id: string): boolean {
    return predefinedNames.some((name) => this.#records[name].id === id);
  }

  /** Remembers the bridge's address and IPv6 subnet, so that they stay when the host's routes change. */
  rememberBridge(chosen: Pick<PredefinedRecord, 'bridgeAddress' | 'bridgeSubnet6'>): void {
    const { bridge } = this.#records;
    const changed = { ...bridge, ...chosen };
    const isSame =
      changed.bridgeAddress === bridge.bridgeAddress && changed.bridgeSubnet6 === bridge.bridgeSubnet6;
    if (!isSame) this.#collection.put('bridge', changed);
  }

  #load(name: PredefinedName, clock: Clock): PredefinedRecord {
    const stored = this.#collection.get(name);
    if (stored !== undefined) return stored;
    const created = { id: randomBytes(32).toString('hex'), createdAt: clock.now().toISOString() };
    this.#collection.put(name, created);
    return created;
  }
}
