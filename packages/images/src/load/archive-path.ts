import { isUtf8 } from 'node:buffer';
import type { TarEntry } from '@gantry/oci';
import { InvalidImageError } from '../errors.ts';

/**
 * A member's name as a path within the archive: no leading slash, no `.` parts. Undefined for the archive's root and
 * for names that are no text (nothing of an image has such a name). Throws `InvalidImageError` for `..`.
 */
export function archivePath(name: Uint8Array): string | undefined {
  if (!isUtf8(name)) return undefined;
  const text = Buffer.from(name).toString('utf8');
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw leaves(text);
  return parts.length === 0 ? undefined : parts.join('/');
}

/**
 * Where a link at `path` leads, within the archive: a symlink from its own folder, a hard link from the root. Throws
 * `InvalidImageError` when it leaves the archive.
 */
export function linkTarget(path: string, entry: Pick<TarEntry, 'type' | 'linkName'>): string {
  const target = Buffer.from(entry.linkName).toString('utf8');
  const isRelative = entry.type === 'symlink' && !target.startsWith('/');
  const parts = isRelative ? path.split('/').slice(0, -1) : [];
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw leaves(`${path} -> ${target}`);
  }
  return parts.join('/');
}

function leaves(text: string): InvalidImageError {
  const name = JSON.stringify(text.slice(0, 200));
  return new InvalidImageError(`archive entry ${name} leaves the archive`, { subject: text.slice(0, 200) });
}
