import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import path, { posix } from 'node:path';
import { abortable, BlobStorageFullError } from '@gantry/content';
import { isErrno } from '@gantry/kernel';
import {
  encodeTarHeader,
  type TarEntry,
  type TarHandler,
  TarParser,
  tarEnd,
  tarPadding,
  tarStoredBytes,
} from '@gantry/oci';
import { InvalidBuildError } from '../errors.ts';
import { refuseMark } from '../transfer/add-archive.ts';
import { ArchiveIndex } from './archive-index.ts';
import type { Archive } from './archived-files.ts';

/** As of a layer that is unpacked. */
const maxBytes = 64 * 1024 ** 3;

/**
 * Takes a tar in as the tar of a layer, in a file that has no name and goes with `opened`. Throws `InvalidBuildError`,
 * `CorruptTarError`, `BlobStorageFullError`.
 */
export async function spoolArchive(
  archive: AsyncIterable<Uint8Array>,
  { directory, opened, signal }: { directory: string; opened: AsyncDisposableStack; signal: AbortSignal },
): Promise<{ archive: Archive; index: ArchiveIndex }> {
  const file = opened.use(await openNameless(directory));
  const normaliser = new Normaliser(file.fd);
  const parser = new TarParser(normaliser);
  const hash = createHash('sha256');
  const store = async (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes);
    await writeWhole(file, bytes, directory);
  };
  for await (const chunk of abortable(archive, signal)) {
    parser.write(chunk);
    await store(normaliser.take());
  }
  parser.finish();
  await store(tarEnd);
  const spooled: Archive = { diffId: `sha256:${hash.digest('hex')}`, path: `/proc/self/fd/${file.fd}` };
  return { archive: spooled, index: normaliser.index };
}

/** A crash leaves nothing of it. */
async function openNameless(directory: string): Promise<FileHandle> {
  const place = path.join(directory, `archive-${randomUUID()}`);
  const file = await open(place, 'wx+', 0o600);
  await rm(place);
  return file;
}

async function writeWhole(file: FileHandle, bytes: Uint8Array, directory: string): Promise<void> {
  try {
    for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
  } catch (error) {
    throw isErrno(error, 'ENOSPC', 'EDQUOT') ? new BlobStorageFullError(directory, error) : error;
  }
}

/** Gives entries names without `./`, `..` or a slash in front, as layers have them, and remembers where they are. */
class Normaliser implements TarHandler {
  readonly index: ArchiveIndex = new ArchiveIndex();
  readonly #fd: number;
  #parts: Uint8Array[] = [];
  #position = 0;
  /** Undefined for the archive's root, which is no member. */
  #entry: TarEntry | undefined;

  /** Of the file that all is written to. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  entry(entry: TarEntry): void {
    const name = inside(entry.name);
    this.#entry = name.length === 0 ? undefined : entry;
    if (name.length === 0) return;
    const linkName = entry.type === 'hard-link' ? inside(entry.linkName) : entry.linkName;
    refuseMark(posix.basename(name.toString('latin1')));
    const member = { ...entry, name, linkName };
    this.#push(encodeTarHeader(member));
    this.index.add(member, { fd: this.#fd, offset: this.#position });
  }

  data(chunk: Uint8Array): void {
    if (this.#entry !== undefined) this.#push(chunk);
  }

  end(): void {
    if (this.#entry !== undefined) this.#push(tarPadding(tarStoredBytes(this.#entry)));
  }

  /** The bytes since the last time, copied. */
  take(): Uint8Array {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    return bytes;
  }

  #push(bytes: Uint8Array): void {
    this.#position += bytes.length;
    if (this.#position > maxBytes) throw new InvalidBuildError(`a context has at most ${maxBytes} bytes`);
    this.#parts.push(bytes);
  }
}

function inside(name: Uint8Array): Buffer {
  const key = Buffer.from(name).toString('latin1');
  return Buffer.from(posix.join('/', key).slice(1).replace(/\/$/, ''), 'latin1');
}
