import { mountFlags } from '@gantry/kernel';

/** What mount(2) takes instead of mount(8)'s words. */
export interface ParsedMountOptions {
  /** `mountFlags`, without those of propagation. */
  flags: number;
  /** How mounts appear at copies, a flag a word; each is a mount(2) of its own. */
  propagation: readonly number[];
  /** The file system's own options, comma-separated, as they were given. */
  data: string;
}

const { readOnly, noSuid, noDevices, noExec, synchronous, mandatoryLocks, synchronousDirectories } =
  mountFlags;
const { noAccessTimes, noDirectoryAccessTimes, relativeAccessTimes, strictAccessTimes } = mountFlags;
const { bind, recursive, remount } = mountFlags;

/** mount(8), "filesystem-independent mount options"; `true` takes the flag away. */
const words: ReadonlyMap<string, readonly [flags: number, clears?: true]> = new Map([
  ['defaults', [0]],
  ['ro', [readOnly]],
  ['rw', [readOnly, true]],
  ['nosuid', [noSuid]],
  ['suid', [noSuid, true]],
  ['nodev', [noDevices]],
  ['dev', [noDevices, true]],
  ['noexec', [noExec]],
  ['exec', [noExec, true]],
  ['sync', [synchronous]],
  ['async', [synchronous, true]],
  ['dirsync', [synchronousDirectories]],
  ['remount', [remount]],
  ['mand', [mandatoryLocks]],
  ['nomand', [mandatoryLocks, true]],
  ['noatime', [noAccessTimes]],
  ['atime', [noAccessTimes, true]],
  ['nodiratime', [noDirectoryAccessTimes]],
  ['diratime', [noDirectoryAccessTimes, true]],
  ['relatime', [relativeAccessTimes]],
  ['norelatime', [relativeAccessTimes, true]],
  ['strictatime', [strictAccessTimes]],
  ['nostrictatime', [strictAccessTimes, true]],
  ['bind', [bind]],
  ['rbind', [bind | recursive]],
] as const);

const propagations: ReadonlyMap<string, number> = new Map([
  ['private', mountFlags.private],
  ['rprivate', mountFlags.private | recursive],
  ['slave', mountFlags.slave],
  ['rslave', mountFlags.slave | recursive],
  ['shared', mountFlags.shared],
  ['rshared', mountFlags.shared | recursive],
  ['unbindable', mountFlags.unbindable],
  ['runbindable', mountFlags.unbindable | recursive],
]);

/** Takes mount(8)'s option string apart as that program does; of contrary words the last counts. */
export function parseMountString(text: string): ParsedMountOptions {
  let flags = 0;
  const propagation: number[] = [];
  const data: string[] = [];
  for (const word of text.split(',')) {
    const known = words.get(word);
    const spread = propagations.get(word);
    if (known !== undefined) flags = known[1] === true ? flags & ~known[0] : flags | known[0];
    else if (spread !== undefined) propagation.push(spread);
    else if (word !== '') data.push(word);
  }
  return { flags, propagation, data: data.join(',') };
}
