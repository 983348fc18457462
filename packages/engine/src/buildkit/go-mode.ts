import type { FileEntry } from '@gantry/builder';

type FileKind = Exclude<FileEntry['kind'], 'hard-link'>;

/** Bits of Go's `fs.FileMode` beside the permissions. */
const kindBits: readonly (readonly [FileKind, number])[] = [
  ['directory', 1 << 31],
  ['symlink', 1 << 27],
  ['character-device', (1 << 26) | (1 << 21)],
  ['block-device', 1 << 26],
  ['fifo', 1 << 25],
  ['socket', 1 << 24],
];

const specialBits: readonly (readonly [number, number])[] = [
  [1 << 23, 0o4000],
  [1 << 22, 0o2000],
  [1 << 20, 0o1000],
];

/** What Go's mode of a file says. */
export function modeOfGo(goMode: number): { kind: FileKind; mode: number } {
  const kind = kindBits.find(([, bits]) => (goMode & bits) === bits)?.[0] ?? 'file';
  const special = specialBits.reduce((mode, [go, unix]) => ((goMode & go) === 0 ? mode : mode | unix), 0);
  return { kind, mode: (goMode & 0o777) | special };
}

/** A file as Go's mode says it, without a sign. */
export function goModeOf({ kind, mode }: Pick<FileEntry, 'kind' | 'mode'>): number {
  const bits = kindBits.find(([name]) => name === kind)?.[1] ?? 0;
  const special = specialBits.reduce((all, [go, unix]) => ((mode & unix) === 0 ? all : all | go), 0);
  return ((mode & 0o777) | special | bits) >>> 0;
}
