/**
 * Whether a token service may be given a registry's credentials: it is the registry's own host, or a sibling of it below the same
 * domain (`auth.docker.io` of `registry-1.docker.io`), or it is in `trusted`; by https, unless the registry itself is spoken to
 * without.
 */
export function belongsTo(registry: URL, realm: URL, trusted: readonly string[]): boolean {
  if (realm.protocol !== 'https:' && registry.protocol === 'https:') return false;
  if (realm.hostname === registry.hostname) return true;
  if (trusted.includes(realm.host) || trusted.includes(realm.hostname)) return true;
  const parent = parentDomain(registry.hostname);
  return parent !== undefined && (realm.hostname === parent || realm.hostname.endsWith(`.${parent}`));
}

/** `docker.io` of `registry-1.docker.io`; undefined of an address, and of a name that is a domain itself. */
function parentDomain(hostname: string): string | undefined {
  const labels = hostname.split('.');
  if (labels.length < 3 || /^[\d.]+$/.test(hostname) || hostname.startsWith('[')) return undefined;
  return labels.slice(1).join('.');
}
