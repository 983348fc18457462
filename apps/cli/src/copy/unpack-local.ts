import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  fchmodSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { readTar, type TarEntry, type TarMember } from '@gantry/oci';
import { CommandError } from '../errors.ts';

/**
 * Unpacks a tar into a directory of this machine, as the user who runs this: owners are left out. Files are replaced and
 * directories merged, but neither takes the other's place. Nothing is written through a symbolic link below the directory, so
 * that nothing leaves it. `rename` changes the names in the archive. Throws `CommandError`.
 */
export async function unpackLocal(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  rename: (name: string) => string,
): Promise<void> {
  const times = new Map<Buffer, TarEntry>();
  for await (const member of readTar(archive)) {
    const names = partsOf(renamed(member.entry.name, rename));
    const place = placeOf(directory, names);
    checkParents(directory, names);
    if (names.length === 0 && member.entry.type === 'directory') continue;
    if (!makeRoom(place, member.entry)) makeDirectory(place, member.entry);
    else await make(place, member, (name) => placeOf(directory, partsOf(renamed(name, rename))));
    if (member.entry.type === 'directory') times.set(place, member.entry);
  }
  for (const [place, entry] of times) setTimes(place, entry);
}

async function make(
  place: Buffer,
  { entry, content }: TarMember,
  resolve: (name: Uint8Array) => Buffer,
): Promise<void> {
  if (entry.type === 'directory') makeDirectory(place, entry);
  else if (entry.type === 'file') await makeFile(place, entry, content);
  else if (entry.type === 'hard-link') linkSync(resolve(entry.linkName), place);
  else if (entry.type === 'symlink') symlinkSync(Buffer.from(entry.linkName), place);
  else makeNode(place, entry);
  if (entry.type !== 'hard-link' && entry.type !== 'directory') setTimes(place, entry);
}

/** False when a directory is there that the entry is merged with. What else is there is removed. */
function makeRoom(place: Buffer, entry: TarEntry): boolean {
  const stat = lstatSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return true;
  const becomesDirectory = entry.type === 'directory';
  if (stat.isDirectory() && becomesDirectory) return false;
  if (stat.isDirectory() || becomesDirectory) {
    const [old, fresh] = becomesDirectory ? ['non-directory', 'directory'] : ['directory', 'non-directory'];
    throw new CommandError(1, `cannot overwrite ${old} ${quoted(place)} with ${fresh} ${quoted(entry.name)}`);
  }
  rmSync(place);
  return true;
}

function makeDirectory(place: Buffer, entry: TarEntry): void {
  mkdirSync(place, { recursive: true });
  chmodSync(place, entry.mode);
}

async function makeFile(place: Buffer, entry: TarEntry, content: AsyncIterable<Uint8Array>): Promise<void> {
  const fd = openSync(place, 'wx', 0o600);
  try {
    const runs = entry.segments?.map((run) => ({ ...run })) ?? [{ offset: 0, lengthBytes: entry.sizeBytes }];
    let run = runs.shift();
    for await (const chunk of content) {
      for (let rest = chunk; rest.length > 0 && run !== undefined; ) {
        const written = writeSync(fd, rest, 0, Math.min(rest.length, run.lengthBytes), run.offset);
        rest = rest.subarray(written);
        run = run.lengthBytes > written ? advanced(run, written) : runs.shift();
      }
    }
    if (entry.segments !== undefined) ftruncateSync(fd, entry.sizeBytes);
    fchmodSync(fd, entry.mode);
  } finally {
    closeSync(fd);
  }
}

function advanced(
  run: { offset: number; lengthBytes: number },
  by: number,
): { offset: number; lengthBytes: number } {
  return { offset: run.offset + by, lengthBytes: run.lengthBytes - by };
}

/** Node.js makes no devices and FIFOs. */
function makeNode(place: Buffer, { type, mode, deviceMajor, deviceMinor }: TarEntry): void {
  const kind = { fifo: 'p', 'character-device': 'c', 'block-device': 'b' }[type as 'fifo'];
  const device = type === 'fifo' ? [] : [String(deviceMajor), String(deviceMinor)];
  const words = ['-m', mode.toString(8), '--', place.toString(), kind, ...device];
  const { status, stderr } = spawnSync('mknod', words, { encoding: 'utf8' });
  if (status !== 0) throw new CommandError(1, `cannot make ${quoted(place)}: ${(stderr ?? '').trim()}`);
}

function setTimes(place: Buffer, { mtimeNs, atimeNs = mtimeNs }: TarEntry): void {
  lutimesSync(place, Number(atimeNs) / 1e9, Number(mtimeNs) / 1e9);
}

/** Parents that are missing are made; one that is no directory, or a link to one, is refused. */
function checkParents(directory: string, names: readonly Buffer[]): void {
  for (let length = 1; length < names.length; length += 1) {
    const parent = placeOf(directory, names.slice(0, length));
    const stat = lstatSync(parent, { throwIfNoEntry: false });
    if (stat === undefined) mkdirSync(parent);
    else if (!stat.isDirectory()) throw new CommandError(1, `${quoted(parent)} is not a directory`);
  }
}

/** Throws for a name that leads out of the directory. */
function partsOf(name: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (const part of name.toString('latin1').split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(Buffer.from(part, 'latin1'));
    else if (parts.pop() === undefined) throw new CommandError(1, `${quoted(name)} leads out of the archive`);
  }
  return parts;
}

function placeOf(directory: string, names: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(directory), ...names.flatMap((name) => [Buffer.from('/'), name])]);
}

/** Names are bytes: one character each while they are looked at. */
function renamed(name: Uint8Array, rename: (name: string) => string): Buffer {
  return Buffer.from(rename(Buffer.from(name).toString('latin1')), 'latin1');
}

function quoted(place: Uint8Array): string {
  return JSON.stringify(Buffer.from(place).toString());
}
