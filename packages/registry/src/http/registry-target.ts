/** What a path of the distribution API is about. Names and digests are as they came: the storage checks them. */
export type RegistryTarget =
  | { kind: 'base' }
  | { kind: 'catalog' }
  | { kind: 'manifest'; repository: string; reference: string }
  | { kind: 'blob'; repository: string; digest: string }
  | { kind: 'uploads'; repository: string }
  | { kind: 'upload'; repository: string; id: string }
  | { kind: 'tags'; repository: string }
  | { kind: 'referrers'; repository: string; digest: string };

const prefix = '/v2/';

/**
 * Reads a path (distribution spec, "Endpoints"). A repository's name has slashes, so the end of the path tells what it is.
 * Undefined when it is none of the API's.
 */
export function parseTarget(path: string): RegistryTarget | undefined {
  if (path === '/v2' || path === prefix) return { kind: 'base' };
  if (path === '/v2/_catalog') return { kind: 'catalog' };
  if (!path.startsWith(prefix)) return undefined;
  const [last, rest] = splitLast(path.slice(prefix.length));
  const [kind, repository] = splitLast(rest);
  if (kind === 'manifests') return { kind: 'manifest', repository, reference: last };
  if (kind === 'blobs' && last !== 'uploads') return { kind: 'blob', repository, digest: last };
  if (kind === 'blobs') return { kind: 'uploads', repository };
  if (kind === 'tags' && last === 'list') return { kind: 'tags', repository };
  if (kind === 'referrers') return { kind: 'referrers', repository, digest: last };
  const [above, name] = splitLast(repository);
  if (kind !== 'uploads' || above !== 'blobs') return undefined;
  return last === '' ? { kind: 'uploads', repository: name } : { kind: 'upload', repository: name, id: last };
}

/** `a/b/c` to `c` and `a/b`. */
function splitLast(path: string): [last: string, rest: string] {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? [path, ''] : [path.slice(slash + 1), path.slice(0, slash)];
}
