import { posix } from 'node:path';
import { BoundedQueue, EngineError } from '@gantry/base';
import type { ClientDirectory, DirectoryWish, FileEntry } from '@gantry/builder';
import { filesync, fsutil, type GrpcClient, type MessageStream } from '@gantry/buildkit';
import { modeOfGo } from './go-mode.ts';
import { headerValues } from './header-values.ts';

/** A client that sends a directory against the rules. */
export class InvalidDirectoryError extends EngineError {
  override readonly name = 'InvalidDirectoryError';
  constructor(reason: string) {
    super('invalid', 'build-directory-invalid', `the client sends an invalid directory: ${reason}`);
  }
}

/** Entries and names that one directory may have: they are held in memory until they are read. */
const maxEntries = 4_000_000;
/** Of a file that nobody reads yet, beyond which the client is not read. */
const maxBufferedBytes = 4 * 1024 ** 2;

/**
 * Asks a client for one of its directories (fsutil's exchange over `FileSync.DiffCopy`): it tells what it has, and sends what is asked for.
 */
export function receiveDirectory(
  calls: GrpcClient,
  { name, wish, signal }: { name: string; wish: DirectoryWish; signal: AbortSignal },
): ClientDirectory {
  const headers = {
    'dir-name': [name],
    ...headerValues('include-patterns', wish.include),
    ...headerValues('exclude-patterns', wish.exclude),
    ...headerValues('followpaths', wish.follow),
  };
  return new ReceivedDirectory(calls.stream(filesync.FileSync.diffCopy, { headers, signal }));
}

class ReceivedDirectory implements ClientDirectory {
  readonly #stream: MessageStream<fsutil.Packet, fsutil.Packet>;
  readonly #entries = new BoundedQueue<FileEntry>(maxEntries);
  readonly #ids = new Map<string, number>();
  readonly #files = new Map<number, BoundedQueue<Uint8Array>>();
  readonly #ended: Promise<void>;
  #count = 0;
  #allEntriesHere = false;

  constructor(stream: MessageStream<fsutil.Packet, fsutil.Packet>) {
    this.#stream = stream;
    this.#ended = this.#receive().then(
      () => this.#fail(new InvalidDirectoryError('it ends early')),
      (error: unknown) => this.#fail(error),
    );
  }

  entries(): AsyncIterable<FileEntry> {
    return this.#entries;
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const id = this.#ids.get(path);
    if (id === undefined) throw new InvalidDirectoryError(`${path} did not come`);
    const content = new BoundedQueue<Uint8Array>(maxBufferedBytes, (chunk) => chunk.length);
    this.#files.set(id, content);
    await this.#stream.send({ type: fsutil.PacketType.request, id });
    yield* content;
  }

  /** Says goodbye, so that the client knows that it has sent all; one who left in the middle is cut off. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#allEntriesHere && this.#files.size === 0) {
      await this.#stream.send({ type: fsutil.PacketType.fin }).catch(() => {});
      this.#stream.end();
      await this.#ended;
    }
    this.#stream.cancel();
  }

  async #receive(): Promise<void> {
    for await (const packet of this.#stream) {
      if (packet.type === fsutil.PacketType.fin) return;
      if (packet.type === fsutil.PacketType.error)
        throw new InvalidDirectoryError(Buffer.from(packet.data).toString());
      if (packet.type === fsutil.PacketType.stat) this.#takeEntry(packet.stat);
      else if (packet.type === fsutil.PacketType.data) await this.#takeData(packet);
      else throw new InvalidDirectoryError(`a packet of type ${packet.type}`);
    }
  }

  /** One that is empty is the last. */
  #takeEntry(stat: fsutil.Stat | undefined): void {
    if (stat === undefined || stat.path === '') {
      this.#allEntriesHere = true;
      this.#entries.end();
      return;
    }
    const entry = entryOf(stat);
    this.#ids.set(entry.path, this.#count);
    this.#count += 1;
    if (!this.#entries.push(entry)) throw new InvalidDirectoryError('it has too many entries');
  }

  async #takeData({ id, data }: fsutil.Packet): Promise<void> {
    const content = this.#files.get(id);
    if (content === undefined) return;
    if (data.length === 0) {
      this.#files.delete(id);
      content.end();
      return;
    }
    // The bytes are a view of what arrived with them.
    while (!content.push(data) && !content.ended) await content.drained();
  }

  #fail(error: unknown): void {
    this.#entries.end(error);
    for (const content of this.#files.values()) content.end(error);
    this.#files.clear();
  }
}

/** Throws `InvalidDirectoryError` for a name that leads out of its directory. */
function entryOf(stat: fsutil.Stat): FileEntry {
  const path = stat.path.replaceAll('\\', '/');
  if (path !== posix.normalize(path) || path.startsWith('/') || path === '..' || path.startsWith('../'))
    throw new InvalidDirectoryError(`the name ${JSON.stringify(path.slice(0, 255))}`);
  const { kind, mode } = modeOfGo(stat.mode);
  const isHardLink = kind === 'file' && stat.linkname !== '';
  const isDevice = kind === 'block-device' || kind === 'character-device';
  return {
    path,
    kind: isHardLink ? 'hard-link' : kind,
    mode,
    uid: stat.uid,
    gid: stat.gid,
    sizeBytes: kind === 'file' && !isHardLink ? stat.size : 0,
    modifiedNs: stat.modTime,
    linkName: kind === 'symlink' || isHardLink ? stat.linkname : '',
    ...(isDevice && { device: { major: stat.devmajor, minor: stat.devminor } }),
    ...(stat.xattrs.size > 0 && { xattrs: stat.xattrs }),
  };
}
