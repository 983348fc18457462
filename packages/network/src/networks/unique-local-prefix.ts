import { randomBytes } from 'node:crypto';
import type { MetadataStore } from '@gantry/state';

/**
 * The /48 of this host that IPv6 subnets are cut from: `fd` and 40 random bits (RFC 4193), chosen once and kept.
 */
export function uniqueLocalPrefix(store: MetadataStore): string {
  const collection = store.collection<{ prefix: string }>('network-prefixes', { version: 1 });
  const stored = collection.get('unique-local');
  if (stored !== undefined) return stored.prefix;
  const [a = '', b = '', c = ''] = randomBytes(5).toString('hex').padStart(12, 'fd').match(/.{4}/g) ?? [];
  const prefix = `${a}:${b}:${c}::/48`;
  collection.put('unique-local', { prefix });
  return prefix;
}
