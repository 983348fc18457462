import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import { type Digest, encodeTarHeader, readTar, type TarEntry, tarEnd, tarPadding } from '@gantry/oci';

const gzip = promisify(gzipCallback);

/** What a reader that fetches file by file has to know of a blob, beside its bytes. */
export interface EstargzFacts {
  /** Of the table of contents. */
  tocDigest: Digest;
  diffId: Digest;
  uncompressedBytes: number;
}

const tocName = 'stargz.index.json';
const chunkBytes = 4 * 1024 * 1024;

/** Annotations of a layer in eStargz, by stargz-snapshotter's docs/estargz.md. */
export function estargzAnnotations({ tocDigest, uncompressedBytes }: EstargzFacts): Record<string, string> {
  return {
    'containerd.io/snapshot/stargz/toc.digest': tocDigest,
    'io.containers.estargz.uncompressed-size': String(uncompressedBytes),
  };
}

/**
 * Packs a plain layer tar as eStargz 1: each file's chunks are gzip members of their own, the table of contents is the last file of
 * the tar, and a footer of 51 bytes says where it begins. Returns what only is known at the end.
 */
export async function* packEstargz(
  archive: AsyncIterable<Uint8Array>,
  level = 6,
): AsyncGenerator<Uint8Array, EstargzFacts, void> {
  const blob = new MemberWriter(level);
  const entries: TocEntry[] = [];
  for await (const { entry, content } of readTar(archive)) {
    // Its name would be taken for ours.
    if (Buffer.from(entry.name).toString() === tocName) continue;
    blob.collect(encodeTarHeader({ ...entry, segments: undefined }));
    const { type, sizeBytes } = entry;
    if (type !== 'file' || sizeBytes === 0) {
      entries.push(tocEntry(entry));
      continue;
    }
    yield* blob.flush();
    yield* fileChunks(blob, entry, content, entries);
    blob.collect(tarPadding(sizeBytes));
  }
  yield* blob.flush();
  const tocOffset = blob.offset;
  const toc = Buffer.from(JSON.stringify({ version: 1, entries }));
  blob.collect(
    encodeTarHeader({ type: 'file', name: Buffer.from(tocName), mode: 0o444, sizeBytes: toc.length }),
  );
  for (const part of [toc, tarPadding(toc.length), tarEnd]) blob.collect(part);
  yield* blob.flush();
  yield footer(tocOffset);
  return { tocDigest: sha256(toc), ...blob.facts() };
}

interface TocEntry {
  name: string;
  type: string;
  size?: number;
  modtime?: string;
  linkName?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  offset?: number;
  devMajor?: number;
  devMinor?: number;
  xattrs?: Record<string, string>;
  digest?: Digest;
  chunkOffset?: number;
  chunkSize?: number;
  chunkDigest?: Digest;
}

const typeNames: Record<TarEntry['type'], string> = {
  file: 'reg',
  directory: 'dir',
  symlink: 'symlink',
  'hard-link': 'hardlink',
  'character-device': 'char',
  'block-device': 'block',
  fifo: 'fifo',
};

function tocEntry(entry: TarEntry): TocEntry {
  const { type, mode, uid, gid, deviceMajor, deviceMinor, xattrs } = entry;
  const isDevice = type === 'character-device' || type === 'block-device';
  return {
    name: Buffer.from(entry.name).toString(),
    type: typeNames[type],
    modtime: `${new Date(Number(entry.mtimeNs / 1_000_000_000n) * 1000).toISOString().slice(0, 19)}Z`,
    mode,
    uid,
    gid,
    ...(entry.linkName.length > 0 && { linkName: Buffer.from(entry.linkName).toString() }),
    ...(isDevice && { devMajor: deviceMajor, devMinor: deviceMinor }),
    ...(xattrs.size > 0 && {
      xattrs: Object.fromEntries(
        [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
      ),
    }),
  };
}

async function* fileChunks(
  blob: MemberWriter,
  entry: TarEntry,
  content: AsyncIterable<Uint8Array>,
  entries: TocEntry[],
): AsyncGenerator<Uint8Array> {
  const whole = createHash('sha256');
  const first: TocEntry = { ...tocEntry(entry), size: entry.sizeBytes };
  let chunkOffset = 0;
  for await (const chunk of inChunks(withHoles(entry, content))) {
    whole.update(chunk);
    const place = {
      offset: blob.offset,
      ...(chunkOffset > 0 && { chunkOffset }),
      chunkSize: chunk.length,
      chunkDigest: sha256(chunk),
    };
    if (chunkOffset === 0) entries.push(Object.assign(first, place));
    else entries.push({ name: first.name, type: 'chunk', ...place });
    chunkOffset += chunk.length;
    blob.collect(chunk);
    yield* blob.flush();
  }
  first.digest = `sha256:${whole.digest('hex')}`;
}

const zeros = new Uint8Array(1024 * 1024);

/** The content with its holes as zeros: a reader of single files knows no others. */
async function* withHoles(
  { segments, sizeBytes }: TarEntry,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (segments === undefined) return yield* content;
  const ends = segments.map(({ offset, lengthBytes }) => ({ offset, left: lengthBytes }));
  let at = 0;
  for await (const chunk of content) {
    let rest = chunk;
    while (rest.length > 0) {
      const [segment] = ends;
      if (segment === undefined) break;
      yield* zerosFor(segment.offset - at);
      const part = rest.subarray(0, segment.left);
      yield part;
      at = segment.offset += part.length;
      segment.left -= part.length;
      if (segment.left === 0) ends.shift();
      rest = rest.subarray(part.length);
    }
  }
  yield* zerosFor(sizeBytes - at);
}

function* zerosFor(lengthBytes: number): Generator<Uint8Array> {
  for (let left = lengthBytes; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
}

async function* inChunks(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of content) {
    let rest = part;
    while (length + rest.length >= chunkBytes) {
      const head = rest.subarray(0, chunkBytes - length);
      yield Buffer.concat([...parts, head]);
      rest = rest.subarray(head.length);
      parts = [];
      length = 0;
    }
    // The source may use its buffer again.
    if (rest.length > 0) parts.push(Buffer.from(rest));
    length += rest.length;
  }
  if (length > 0) yield Buffer.concat(parts);
}

/** Collects bytes of the tar and packs them as one gzip member at a time. */
class MemberWriter {
  /** Bytes of the blob so far: where the next member begins. */
  offset = 0;
  readonly #level: number;
  readonly #hash = createHash('sha256');
  #plainBytes = 0;
  #pending: Uint8Array[] = [];

  constructor(level: number) {
    this.#level = level;
  }

  collect(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#pending.push(bytes);
  }

  async *flush(): AsyncGenerator<Uint8Array> {
    if (this.#pending.length === 0) return;
    const plain = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#hash.update(plain);
    this.#plainBytes += plain.length;
    const member = await gzip(plain, { level: this.#level });
    this.offset += member.length;
    yield member;
  }

  facts(): Omit<EstargzFacts, 'tocDigest'> {
    return { diffId: `sha256:${this.#hash.digest('hex')}`, uncompressedBytes: this.#plainBytes };
  }
}

/** An empty gzip member whose extra field `SG` holds the offset of the table of contents. */
function footer(tocOffset: number): Uint8Array {
  const field = Buffer.from(`${tocOffset.toString(16).padStart(16, '0')}STARGZ`);
  const header = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, field.length + 4, 0]);
  const name = Buffer.from([0x53, 0x47, field.length, 0]);
  return Buffer.concat([header, name, field, Buffer.from([1, 0, 0, 0xff, 0xff]), Buffer.alloc(8)]);
}

function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
