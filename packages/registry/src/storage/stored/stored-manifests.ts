import { createHash } from 'node:crypto';
import { faultPoint } from '@gantry/base';
import { BlobMismatchError, BlobNotFoundError } from '@gantry/content';
import { type Digest, maxDocumentBytes, parseDigest } from '@gantry/oci';
import { ManifestInUseError, StoredManifestDamagedError } from '../errors.ts';
import { inspectManifest } from '../inspect-manifest.ts';
import type { ManifestChange, ManifestInfo, ManifestRemoval, Manifests, NewManifest } from '../manifests.ts';
import { checkRepository, checkTag } from '../names.ts';
import type { ChangeOptions, Page } from '../registry-storage.ts';
import { ManifestCache } from './manifest-cache.ts';
import { type ManifestToWrite, removeManifest, writeManifest } from './manifest-documents.ts';
import type { PullTimes } from './pull-times.ts';
import { change, type StorageContext } from './storage-context.ts';
import { allAfter, pageAfter } from './tables.ts';

export class StoredManifests implements Manifests {
  readonly #context: StorageContext;
  readonly #pullTimes: PullTimes;
  readonly #cache = new ManifestCache();

  constructor(context: StorageContext, pullTimes: PullTimes) {
    this.#context = context;
    this.#pullTimes = pullTimes;
  }

  get(repository: string, text: string): ManifestInfo | undefined {
    const digest = parseDigest(text);
    const key = `${checkRepository(repository)}@${digest}`;
    const document = this.#context.tables.manifests.get(key);
    if (document === undefined) return undefined;
    this.#context.recent.note(key);
    return { digest, ...document };
  }

  async read(repository: string, text: string): Promise<Uint8Array | undefined> {
    const manifest = this.get(repository, text);
    if (manifest === undefined) return undefined;
    const { digest } = manifest;
    const known = this.#cache.get(digest);
    if (known !== undefined) return known;
    try {
      const bytes = await this.#context.content.readSmall(digest, maxDocumentBytes);
      this.#cache.keep(digest, bytes);
      return bytes;
    } catch (error) {
      if (!(error instanceof BlobMismatchError || error instanceof BlobNotFoundError)) throw error;
      throw new StoredManifestDamagedError(repository, digest, error);
    }
  }

  list(repository: string, page: Page): ManifestInfo[] {
    const prefix = `${checkRepository(repository)}@`;
    return pageAfter(this.#context.tables.manifests, prefix, page).map(({ name, document }) => ({
      digest: parseDigest(name),
      ...document,
    }));
  }

  async put(
    repository: string,
    { bytes, mediaType, digest: expected, tag, isSparse = false }: NewManifest,
    options: ChangeOptions<ManifestChange> = {},
  ): Promise<ManifestInfo> {
    checkRepository(repository);
    if (tag !== undefined) checkTag(tag);
    const digest = digestOf(bytes);
    if (expected !== undefined && parseDigest(expected) !== digest) {
      throw new BlobMismatchError('digest', expected, digest);
    }
    const inspected = inspectManifest(bytes, mediaType);
    const { content } = this.#context;
    using lease = content.lease();
    await content.ingest(once(bytes), { digest, sizeBytes: bytes.length, lease });
    faultPoint('push/manifest-stored');
    const wanted: ManifestToWrite = { repository, digest, sizeBytes: bytes.length, inspected, tag, isSparse };
    const written = await change(this.#context, () => writeManifest(this.#context, wanted, options));
    faultPoint('push/manifest-written');
    this.#cache.keep(digest, bytes);
    return written;
  }

  async remove(
    repository: string,
    text: string,
    options: ChangeOptions<ManifestRemoval> = {},
  ): Promise<boolean> {
    const digest = parseDigest(text);
    const key = `${checkRepository(repository)}@${digest}`;
    return await change(this.#context, () => {
      const manifest = this.get(repository, digest);
      if (manifest === undefined) return false;
      const [index] = pageAfter(this.#context.tables.uses, `${key}@`, { limit: 1 });
      if (index !== undefined) throw new ManifestInUseError(repository, digest, index.name);
      const tags = this.tagsOf(repository, digest);
      options.inTransaction?.({ repository, manifest, tags });
      removeManifest(this.#context, { repository, manifest, tags });
      return true;
    });
  }

  tagsOf(repository: string, digest: string): string[] {
    const prefix = `${checkRepository(repository)}@${parseDigest(digest)}:`;
    return allAfter(this.#context.tables.tagsOf, prefix).map(({ name }) => name);
  }

  notePull(repository: string, digest: string, tag?: string): void {
    this.#pullTimes.note({ repository, digest, tag });
  }
}

function digestOf(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
