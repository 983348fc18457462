import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { fsutil, type MessageStream } from '@gantry/buildkit';
import { CommandError } from '../../errors.ts';
import { goMode, hasBit, isRegular, permissionsOf } from './sent-tree.ts';

/** Contents that are asked for and not here yet. */
const mostOpenFiles = 64;
const { PacketType } = fsutil;

type PacketStream = MessageStream<fsutil.Packet, fsutil.Packet>;

/**
 * Writes the tree that the other side sends below `directory`, which is made when it is missing, as the user who runs this. What is there
 * and has no part in it stays, unless `removesOthers`. Nothing is written through a link: an entry's directory is one that was told
 * before it and is a real one. Throws `CommandError`.
 */
export async function receiveDirectory(
  messages: PacketStream,
  directory: string,
  { removesOthers = false }: { removesOthers?: boolean } = {},
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  using tree = new ReceivedTree(directory, messages);
  for await (const packet of messages) {
    if (packet.type === PacketType.stat) {
      if (packet.stat === undefined) await tree.endEntries();
      else await tree.addEntry(packet.stat);
    } else if (packet.type === PacketType.data) await tree.addContent(packet.id, packet.data);
    else if (packet.type === PacketType.error) {
      throw new CommandError(1, `ERROR: error from sender: ${Buffer.from(packet.data).toString()}`);
    } else if (packet.type === PacketType.fin) break;
  }
  tree.finish({ removesOthers });
}

interface OpenFile {
  readonly fd: number;
  readonly stat: fsutil.Stat;
}

class ReceivedTree implements Disposable {
  readonly #root: string;
  readonly #messages: PacketStream;
  /** Directories that were told, and made or found. */
  readonly #directories = new Map<string, fsutil.Stat | undefined>([['', undefined]]);
  readonly #told = new Set<string>();
  readonly #open = new Map<number, OpenFile>();
  readonly #waiting: { id: number; stat: fsutil.Stat }[] = [];
  #lastPath = '';
  #nextId = 0;
  #isAllTold = false;

  constructor(root: string, messages: PacketStream) {
    this.#root = root;
    this.#messages = messages;
  }

  async addEntry(stat: fsutil.Stat): Promise<void> {
    const id = this.#nextId++;
    const place = this.#placeOf(stat.path);
    this.#checkOrder(stat.path);
    this.#told.add(stat.path);
    if (hasBit(stat.mode, goMode.directory)) return this.#makeDirectory(place, stat);
    makeRoom(place);
    if (hasBit(stat.mode, goMode.symlink)) symlinkSync(stat.linkname, place);
    else if (!isRegular(stat.mode)) makeNode(place, stat);
    else if (stat.linkname !== '') linkSync(this.#linked(stat.linkname), place);
    else return await this.#askFor(id, stat);
    if (stat.linkname === '' || hasBit(stat.mode, goMode.symlink)) setTime(place, stat);
  }

  async addContent(id: number, data: Uint8Array): Promise<void> {
    const file = this.#open.get(id);
    if (file === undefined) throw new CommandError(1, `ERROR: invalid file id ${id}`);
    for (let rest = data; rest.length > 0; ) rest = rest.subarray(writeSync(file.fd, rest));
    if (data.length > 0) return;
    fchmodSync(file.fd, permissionsOf(file.stat.mode));
    closeSync(file.fd);
    this.#open.delete(id);
    setTime(this.#placeOf(file.stat.path), file.stat);
    await this.#askForMore();
  }

  async endEntries(): Promise<void> {
    this.#isAllTold = true;
    await this.#askForMore();
  }

  /** The last: modes and times of directories, which what is written in them would change. */
  finish({ removesOthers }: { removesOthers: boolean }): void {
    if (removesOthers) this.#removeOthers('');
    for (const [relative, stat] of [...this.#directories].toReversed()) {
      if (stat === undefined) continue;
      const place = path.join(this.#root, relative);
      chmodSync(place, permissionsOf(stat.mode));
      setTime(place, stat);
    }
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  #makeDirectory(place: string, stat: fsutil.Stat): void {
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found !== undefined && !found.isDirectory()) rmSync(place);
    if (!found?.isDirectory()) mkdirSync(place, { mode: 0o700 });
    this.#directories.set(stat.path, stat);
  }

  async #askFor(id: number, stat: fsutil.Stat): Promise<void> {
    // It is there at once, for further names of it may follow.
    closeSync(openSync(this.#placeOf(stat.path), 'wx', 0o600));
    this.#waiting.push({ id, stat });
    await this.#askForMore();
  }

  async #askForMore(): Promise<void> {
    while (this.#open.size < mostOpenFiles) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      const fd = openSync(this.#placeOf(next.stat.path), constants.O_WRONLY | constants.O_NOFOLLOW);
      this.#open.set(next.id, { fd, stat: next.stat });
      await this.#messages.send({ type: PacketType.request, id: next.id });
    }
    if (this.#isAllTold && this.#open.size === 0) await this.#messages.send({ type: PacketType.fin });
  }

  /** Each path comes once, after all that are before it: what was made a directory stays one. */
  #checkOrder(relative: string): void {
    if (this.#isAllTold || orderOf(relative) <= orderOf(this.#lastPath)) throw badPath(relative);
    this.#lastPath = relative;
  }

  /** Throws for a path that is not clean, or whose directory was not told. */
  #placeOf(relative: string): string {
    const names = relative.split('/');
    const isClean = names.every(
      (name) => name !== '' && name !== '.' && name !== '..' && !name.includes('\0'),
    );
    const parent = names.slice(0, -1).join('/');
    if (isClean && this.#directories.has(parent)) return path.join(this.#root, relative);
    throw badPath(relative);
  }

  /** A further name is of a file that was told. */
  #linked(relative: string): string {
    const clean = relative.replace(/^\//, '');
    if (!this.#told.has(clean) || this.#directories.has(clean)) {
      throw new CommandError(1, `ERROR: the engine sent a link to the bad path ${JSON.stringify(relative)}`);
    }
    return this.#placeOf(clean);
  }

  #removeOthers(directory: string): void {
    for (const name of readdirSync(path.join(this.#root, directory))) {
      const relative = directory === '' ? name : `${directory}/${name}`;
      if (this.#directories.has(relative)) this.#removeOthers(relative);
      else if (!this.#told.has(relative)) rmSync(path.join(this.#root, relative), { recursive: true });
    }
  }
}

function badPath(relative: string): CommandError {
  return new CommandError(1, `ERROR: the engine sent the bad path ${JSON.stringify(relative)}`);
}

/** Sorts a directory's content right behind it, by the bytes of names. */
function orderOf(relative: string): string {
  return Buffer.from(relative.replaceAll('/', '\0')).toString('latin1');
}

function makeRoom(place: string): void {
  rmSync(place, { recursive: true, force: true });
}

/** Node.js makes no devices and FIFOs. */
function makeNode(place: string, { mode, devmajor, devminor }: fsutil.Stat): void {
  if (hasBit(mode, goMode.socket)) return;
  const isPipe = hasBit(mode, goMode.namedPipe);
  const kind = isPipe ? 'p' : hasBit(mode, goMode.characterDevice) ? 'c' : 'b';
  const device = isPipe ? [] : [String(devmajor), String(devminor)];
  const words = ['-m', permissionsOf(mode).toString(8), '--', place, kind, ...device];
  const { status, stderr } = spawnSync('mknod', words, { encoding: 'utf8' });
  if (status !== 0) throw new CommandError(1, `ERROR: cannot make ${place}: ${(stderr ?? '').trim()}`);
}

function setTime(place: string, { modTime }: fsutil.Stat): void {
  const seconds = Number(modTime) / 1e9;
  lutimesSync(place, seconds, seconds);
}
