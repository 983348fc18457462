import { lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { CommandError } from '../errors.ts';
import { asksForDirectory, followedPath, keepEnd, linkTargetPath, splitPath } from './paths.ts';

/** One end of a copy. */
export interface CopyInfo {
  path: string;
  exists: boolean;
  isDirectory: boolean;
  /** The name that it is to have in the archive, where that is not its own. */
  rebaseName?: string | undefined;
}

const maxLinks = 10;

/** What is copied from this machine: the last link itself, unless it is to be followed. Throws `CommandError`. */
export function localSource(given: string, followLink: boolean): CopyInfo {
  const { path: resolved, rebaseName } = resolveSource(given, followLink);
  const stat = existing(asksForDirectory(resolved) ? `${resolved.replace(/\/\.?$/, '')}/.` : resolved);
  return { path: resolved, exists: true, isDirectory: stat.isDirectory(), rebaseName };
}

/** Where a copy to this machine goes: links are followed, the last one may lead to nothing yet. Throws `CommandError`. */
export function localDestination(given: string): CopyInfo {
  let place = given;
  for (let links = 0; ; links += 1) {
    const stat = statOrNothing(place);
    if (stat === undefined) return { ...parentOf(place), path: place };
    if (!stat.isSymbolicLink()) return { path: place, exists: true, isDirectory: stat.isDirectory() };
    if (links > maxLinks) throw new CommandError(1, `too many symlinks in ${given}`);
    place = linkTargetPath(place, readlinkSync(place));
  }
}

/**
 * Into which directory an archive of `source` is unpacked, and which name its root has there; undefined for its own. Docker's
 * rules: into a directory that is there, else under the destination's name. Throws `CommandError`.
 */
export function planCopy(
  source: CopyInfo,
  destination: CopyInfo,
): { directory: string; name: string | undefined } {
  if (destination.exists && destination.isDirectory) return { directory: destination.path, name: undefined };
  if (destination.exists && source.isDirectory) throw new CommandError(1, 'cannot copy directory');
  if (!destination.exists && !source.isDirectory && asksForDirectory(destination.path)) {
    throw new CommandError(1, 'no such directory');
  }
  const { directory, base } = splitPath(destination.path);
  return { directory, name: base };
}

function resolveSource(given: string, followLink: boolean): { path: string; rebaseName: string | undefined } {
  existing(given);
  if (followLink) return followedPath(given, realpathSync(given));
  const trimmed = given.replace(/(.)\/+$/, '$1');
  const base = asksForDirectory(given) && given.endsWith('.') ? '' : path.basename(trimmed);
  const parent = realpathSync(base === '' ? given : path.dirname(trimmed));
  return { path: keepEnd(path.join(parent, base), given), rebaseName: undefined };
}

function parentOf(place: string): { exists: false; isDirectory: false } {
  const { directory } = splitPath(place);
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new CommandError(1, `invalid output path: directory ${JSON.stringify(directory)} does not exist`);
  }
  if (!stat.isDirectory()) throw new CommandError(1, 'not a directory');
  return { exists: false, isDirectory: false };
}

function existing(place: string): Stats {
  const stat = statOrNothing(place);
  if (stat === undefined) throw missing('lstat', place);
  return stat;
}

function statOrNothing(place: string): Stats | undefined {
  try {
    return lstatSync(place, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
    throw new CommandError(1, `lstat ${place}: not a directory`);
  }
}

function missing(call: string, place: string): CommandError {
  return new CommandError(1, `${call} ${place}: no such file or directory`);
}
