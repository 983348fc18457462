import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@gantry/base';
import type { Collection, MetadataStore } from '@gantry/state';
import type { Account, Accounts } from '../accounts.ts';

interface RefreshRecord {
  name: string;
  /** Of the account when the token was given: a new password makes it void. */
  fingerprint: string;
  clientId: string;
  createdAtMs: number;
  usedAtMs: number;
}

export interface RefreshTokensOptions {
  store: MetadataStore;
  accounts: Accounts;
  lifetimeMs: number;
  clock: Clock;
}

const prefix = 'gantry_refresh_';
const dayMs = 86_400_000;
const maxOfAccount = 100;
/** The use is noted as often as this, not at each pull. */
const noteUseAfterMs = dayMs;

/**
 * Refresh tokens, which `docker login` keeps as identity tokens instead of a password. Only their digests are stored. A token
 * ends when it was not used for its lifetime, when its user's password changes and when its user goes.
 */
export class RefreshTokens {
  readonly #records: Collection<RefreshRecord>;
  readonly #options: RefreshTokensOptions;

  constructor(options: RefreshTokensOptions) {
    this.#options = options;
    this.#records = options.store.collection<RefreshRecord>('registry-refresh-tokens', { version: 1 });
  }

  /** The oldest of an account make room past a hundred. */
  issue({ identity, fingerprint }: Account, clientId: string): string {
    const token = `${prefix}${randomBytes(32).toString('base64url')}`;
    const nowMs = this.#nowMs();
    const record = {
      name: identity.name,
      fingerprint,
      clientId: clientId.slice(0, 128),
      createdAtMs: nowMs,
      usedAtMs: nowMs,
    };
    this.#options.store.transaction(() => {
      this.#sweep(identity.name);
      this.#records.put(keyOf(token), record);
    });
    return token;
  }

  /** Whose token it is, while it is valid. */
  redeem(token: string): Account | undefined {
    if (!token.startsWith(prefix) || token.length > 128) return undefined;
    const key = keyOf(token);
    const record = this.#records.get(key);
    if (record === undefined || this.#isVoid(record)) return undefined;
    if (this.#nowMs() - record.usedAtMs > noteUseAfterMs) {
      this.#records.put(key, { ...record, usedAtMs: this.#nowMs() });
    }
    return this.#options.accounts.find(record.name);
  }

  #isVoid({ name, fingerprint, usedAtMs }: RefreshRecord): boolean {
    if (this.#nowMs() - usedAtMs > this.#options.lifetimeMs) return true;
    return this.#options.accounts.find(name)?.fingerprint !== fingerprint;
  }

  #sweep(name: string): void {
    const entries = this.#records.entries();
    for (const { key, document } of entries) if (this.#isVoid(document)) this.#records.delete(key);
    const own = entries.filter(({ document }) => document.name === name && !this.#isVoid(document));
    const tooMany = own
      .toSorted((a, b) => a.document.usedAtMs - b.document.usedAtMs)
      .slice(0, -maxOfAccount + 1);
    if (own.length >= maxOfAccount) for (const { key } of tooMany) this.#records.delete(key);
  }

  #nowMs(): number {
    return this.#options.clock.now().getTime();
  }
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
