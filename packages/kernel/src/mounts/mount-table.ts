import { readFileSync } from 'node:fs';
import { isErrno } from '../ffi/errno.ts';
import { statPath } from '../files/file-stat.ts';

/** A line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface MountEntry {
  mountId: number;
  parentId: number;
  /** `major:minor` of the file system. */
  device: string;
  /** The directory of the file system that is mounted: not `/` for a bind mount of a part. */
  root: string;
  target: string;
  /** Options of this mount: `rw`, `nosuid` … */
  options: readonly string[];
  /** `shared:1`, `master:2` … */
  propagation: readonly string[];
  type: string;
  source: string;
  /** Options of the file system. */
  superOptions: string;
}

/** Every mount of this process's namespace, in the order they were made. A target that occurs twice is stacked: the last is on top. */
export function mountTable(): MountEntry[] {
  return parseMountTable(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** Lines that do not parse (there are none) are left out. */
export function parseMountTable(text: string): MountEntry[] {
  return text
    .split('\n')
    .map(parseLine)
    .filter((entry) => entry !== undefined);
}

/** Something is mounted right at `path`. False when nothing is there. */
export function isMountPoint(path: string): boolean {
  try {
    return statPath(path).isMountRoot;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

function parseLine(line: string): MountEntry | undefined {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  const [mountId, parentId, device, root, target, options] = fields;
  if (separator < 0 || options === undefined) return undefined;
  return {
    mountId: Number(mountId),
    parentId: Number(parentId),
    device: device ?? '',
    root: unescapeOctal(root ?? ''),
    target: unescapeOctal(target ?? ''),
    options: options.split(','),
    propagation: fields.slice(6, separator),
    type: fields[separator + 1] ?? '',
    source: unescapeOctal(fields[separator + 2] ?? ''),
    superOptions: unescapeOctal(fields.slice(separator + 3).join(' ')),
  };
}

/** Blank, tab, newline and backslash are written as three octal digits. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
