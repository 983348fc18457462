import type { Clock } from '@gantry/base';
import type { Collection, MetadataStore } from '@gantry/state';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { TokenSettings } from '../access-settings.ts';

interface KeyRecord {
  privateKey: JWK;
  createdAtMs: number;
}

export interface SigningKey {
  id: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  createdAtMs: number;
}

const algorithm = 'ES256';

/**
 * The keys that tokens are signed with, kept in the store so that a restart makes no token void. A new one is made when the
 * newest is too old; the older ones are taken until the last token that they signed has ended.
 */
export class SigningKeys {
  readonly #records: Collection<KeyRecord>;
  readonly #settings: TokenSettings;
  readonly #clock: Clock;
  readonly #keys: Map<string, SigningKey>;
  #renewal: Promise<SigningKey> | undefined;

  private constructor(records: Collection<KeyRecord>, keys: Map<string, SigningKey>, options: KeyOptions) {
    this.#records = records;
    this.#keys = keys;
    this.#settings = options.settings;
    this.#clock = options.clock;
  }

  static async open(options: KeyOptions): Promise<SigningKeys> {
    const records = options.store.collection<KeyRecord>('registry-token-keys', { version: 1 });
    const keys = new Map<string, SigningKey>();
    for (const { key: id, document } of records.entries()) keys.set(id, await importKey(id, document));
    return new SigningKeys(records, keys, options);
  }

  /** The key to sign with. */
  async current(): Promise<SigningKey> {
    const newest = [...this.#keys.values()].toSorted((a, b) => b.createdAtMs - a.createdAtMs)[0];
    const nowMs = this.#clock.now().getTime();
    if (newest !== undefined && nowMs - newest.createdAtMs < this.#settings.keyLifetimeMs) return newest;
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = undefined));
    return await this.#renewal;
  }

  /** The key that a token names, while its tokens may be valid. */
  find(id: string): SigningKey | undefined {
    return this.#keys.get(id);
  }

  async #renew(): Promise<SigningKey> {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const record = { privateKey: await exportJWK(privateKey), createdAtMs: this.#clock.now().getTime() };
    const id = crypto.randomUUID();
    const key = await importKey(id, record);
    const { keyLifetimeMs, lifetimeMs } = this.#settings;
    const outdatedMs = record.createdAtMs - keyLifetimeMs - 2 * lifetimeMs;
    for (const old of [...this.#keys.values()].filter(({ createdAtMs }) => createdAtMs < outdatedMs)) {
      this.#records.delete(old.id);
      this.#keys.delete(old.id);
    }
    this.#records.put(id, record);
    this.#keys.set(id, key);
    return key;
  }
}

interface KeyOptions {
  store: MetadataStore;
  settings: TokenSettings;
  clock: Clock;
}

async function importKey(id: string, { privateKey, createdAtMs }: KeyRecord): Promise<SigningKey> {
  const { d: _secret, ...publicPart } = privateKey;
  return {
    id,
    createdAtMs,
    privateKey: (await importJWK(privateKey, algorithm)) as CryptoKey,
    publicKey: (await importJWK(publicPart, algorithm)) as CryptoKey,
  };
}
