import path from 'node:path';

/*
 * Docker's reading of the paths of `cp`: a slash at the end, or a last part of `.`, asks for a directory, and `/.` for what is
 * in it. Both are kept wherever a path is made shorter or absolute.
 */

/** The path's directory and last part; a path that ends in `/.` has `.` as its last part. */
export function splitPath(given: string): { directory: string; base: string } {
  const normal = path.posix.normalize(given).replace(/(.)\/+$/, '$1');
  if (endsInDot(given)) return { directory: normal, base: '.' };
  return { directory: path.posix.dirname(normal), base: normal === '/' ? '/' : path.posix.basename(normal) };
}

export function absolutePath(given: string, currentDirectory: string): string {
  return keepEnd(path.resolve(currentDirectory, given), given);
}

/** `cleaned`, with the end that `given` has. */
export function keepEnd(cleaned: string, given: string): string {
  if (endsInDot(given) && !endsInDot(cleaned)) return cleaned === '/' ? '/.' : `${cleaned}/.`;
  if (given.endsWith('/') && !cleaned.endsWith('/')) return `${cleaned}/`;
  return cleaned;
}

export function asksForDirectory(given: string): boolean {
  return given.endsWith('/') || endsInDot(given);
}

/** Where a link leads: relative to the directory that it lies in. */
export function linkTargetPath(link: string, target: string): string {
  return target.startsWith('/') ? target : path.posix.join(splitPath(link).directory, target);
}

/** The target of a followed link with the end of the path that was given, and its name there when that is another one. */
export function followedPath(
  given: string,
  target: string,
): { path: string; rebaseName: string | undefined } {
  const followed = keepEnd(target, given);
  const [wanted, has] = [baseOf(given), baseOf(followed)];
  return { path: followed, rebaseName: wanted === has ? undefined : wanted };
}

/** A name in an archive, with its first part `from` replaced by `to`. */
export function rebase(name: string, from: string, to: string): string {
  if (from === '/') return `${to}/${name.replace(/^\/+/, '')}`;
  if (name === from) return to;
  return name.startsWith(`${from}/`) ? `${to}${name.slice(from.length)}` : name;
}

function baseOf(given: string): string {
  return endsInDot(given) ? '.' : path.posix.basename(given);
}

function endsInDot(given: string): boolean {
  return /(^|\/)\.$/.test(given);
}
