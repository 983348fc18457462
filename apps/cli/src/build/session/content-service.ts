import { createHash, type Hash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { content, GrpcError, implement, type ServiceTable, StatusCode } from '@gantry/buildkit';
import { isDigest } from '@gantry/oci';
import { valuesOf } from './file-services.ts';

const chunkBytes = 1024 * 1024;
const { WriteAction } = content;

/** The blobs of an OCI layout, a file each by its digest. */
export class ContentStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined when it is not there. Throws `GrpcError` for what is no digest. */
  sizeOf(digest: string): number | undefined {
    return statSync(this.#placeOf(digest), { throwIfNoEntry: false })?.size;
  }

  /** `sizeBytes` 0 for all that follows. Throws `GrpcError` when it is not there. */
  *read(digest: string, offset: number, sizeBytes: number): Generator<{ offset: number; data: Uint8Array }> {
    const total = this.sizeOf(digest);
    if (total === undefined) throw new GrpcError(StatusCode.notFound, `content ${digest}: not found`);
    const end = sizeBytes > 0 ? Math.min(total, offset + sizeBytes) : total;
    const fd = openSync(this.#placeOf(digest), 'r');
    try {
      for (let at = offset; at < end; ) {
        const data = Buffer.allocUnsafe(Math.min(chunkBytes, end - at));
        const length = readSync(fd, data, 0, data.length, at);
        if (length === 0) return;
        yield { offset: at, data: data.subarray(0, length) };
        at += length;
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Begins a blob, whose digest is known when it is whole. */
  begin(): BlobWriter {
    mkdirSync(path.join(this.#directory, 'blobs/sha256'), { recursive: true });
    mkdirSync(path.join(this.#directory, 'ingest'), { recursive: true });
    const partial = path.join(this.#directory, 'ingest', randomBytes(12).toString('hex'));
    return new BlobWriter(partial, (digest) => this.#placeOf(digest));
  }

  #placeOf(digest: string): string {
    if (!isDigest(digest))
      throw new GrpcError(StatusCode.invalidArgument, `invalid digest ${JSON.stringify(digest)}`);
    const [algorithm = '', hex = ''] = digest.split(':');
    return path.join(this.#directory, 'blobs', algorithm, hex);
  }
}

/** A blob that is being written; it is there only when it was committed. */
class BlobWriter implements Disposable {
  readonly #partial: string;
  readonly #place: (digest: string) => string;
  readonly #fd: number;
  readonly #hash: Hash = createHash('sha256');
  offset = 0;

  constructor(partial: string, place: (digest: string) => string) {
    this.#partial = partial;
    this.#place = place;
    this.#fd = openSync(partial, 'wx', 0o644);
  }

  /** Throws `GrpcError` for data that does not follow what is there. */
  write(data: Uint8Array, offset: number): void {
    if (offset !== this.offset) {
      throw new GrpcError(
        StatusCode.outOfRange,
        `write at ${offset}, where ${this.offset} bytes are written`,
      );
    }
    for (let rest = data; rest.length > 0; ) rest = rest.subarray(writeSync(this.#fd, rest));
    this.#hash.update(data);
    this.offset += data.length;
  }

  /** The digest. Throws `GrpcError` when it is not the expected one. */
  commit(expected: string): string {
    const digest = `sha256:${this.#hash.digest('hex')}`;
    if (expected !== '' && expected !== digest) {
      throw new GrpcError(
        StatusCode.failedPrecondition,
        `unexpected commit digest ${digest}, expected ${expected}`,
      );
    }
    fsyncSync(this.#fd);
    renameSync(this.#partial, this.#place(digest));
    return digest;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    rmSync(this.#partial, { force: true });
  }
}

/** Lends the engine stores of this side, by the names in `stores`: images in OCI layouts and caches in directories. */
export function contentService(stores: ReadonlyMap<string, ContentStore>): ServiceTable {
  const storeOf = (headers: Parameters<typeof valuesOf>[0]): ContentStore => {
    const name = valuesOf(headers, 'buildkit-attachable-store-id')[0] ?? '';
    const store = stores.get(name);
    if (store !== undefined) return store;
    throw new GrpcError(StatusCode.notFound, `unknown content store ${JSON.stringify(name)}`);
  };
  return implement(content.Content, {
    info: ({ digest }, { headers }) => {
      const size = storeOf(headers).sizeOf(digest);
      if (size === undefined) throw new GrpcError(StatusCode.notFound, `content ${digest}: not found`);
      return { info: { digest, size } };
    },
    read: async function* ({ digest, offset, size }, { headers }) {
      yield* storeOf(headers).read(digest, offset, size);
    },
    status: ({ ref }) => {
      throw new GrpcError(StatusCode.notFound, `ingest ${ref}: not found`);
    },
    abort: () => ({}),
    write: async (messages, { headers }) => await takeBlob(messages, storeOf(headers)),
  });
}

type WriteStream = Parameters<
  NonNullable<Parameters<typeof implement<typeof content.Content>>[1]['write']>
>[0];

async function takeBlob(messages: WriteStream, store: ContentStore): Promise<void> {
  using blob = store.begin();
  for await (const { action, expected, data, offset } of messages) {
    if (expected !== '' && store.sizeOf(expected) !== undefined) {
      throw new GrpcError(StatusCode.alreadyExists, `content ${expected}: already exists`);
    }
    if (data.length > 0) blob.write(data, offset);
    const digest = action === WriteAction.commit ? blob.commit(expected) : '';
    await messages.send({ action, offset: blob.offset, digest });
    if (action === WriteAction.commit) return;
  }
}
