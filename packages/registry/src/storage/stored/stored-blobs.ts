import { faultPoint } from '@gantry/base';
import type { BlobInfo } from '@gantry/content';
import { type Digest, parseDigest } from '@gantry/oci';
import type { BlobChange, BlobContent, BlobMount, Blobs, LinkedBlob } from '../blobs.ts';
import { BlobInUseError } from '../errors.ts';
import { checkRepository } from '../names.ts';
import type { ChangeOptions, Page } from '../registry-storage.ts';
import { change, type StorageContext, timeNow, touchRepository } from './storage-context.ts';
import { hasPrefix, pageAfter } from './tables.ts';

export class StoredBlobs implements Blobs {
  readonly #context: StorageContext;

  constructor(context: StorageContext) {
    this.#context = context;
  }

  get(repository: string, text: string): LinkedBlob | undefined {
    const digest = parseDigest(text);
    const key = `${checkRepository(repository)}@${digest}`;
    const link = this.#context.tables.links.get(key);
    if (link === undefined) return undefined;
    this.#context.recent.note(key);
    return { digest, ...link };
  }

  path(digest: string): string {
    return this.#context.content.path(parseDigest(digest));
  }

  list(repository: string, page: Page): LinkedBlob[] {
    const prefix = `${checkRepository(repository)}@`;
    return pageAfter(this.#context.tables.links, prefix, page).map(({ name, document }) => ({
      digest: parseDigest(name),
      ...document,
    }));
  }

  async put(
    repository: string,
    { digest, sizeBytes, source, signal }: BlobContent,
    options: ChangeOptions<BlobChange> = {},
  ): Promise<LinkedBlob> {
    checkRepository(repository);
    const { content } = this.#context;
    using lease = content.lease();
    const info = await content.ingest(source, {
      digest: parseDigest(digest),
      lease,
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(signal === undefined ? {} : { signal }),
    });
    faultPoint('blob/stored');
    const linked = await this.link(repository, info, options);
    faultPoint('blob/linked');
    return linked;
  }

  async mount(
    { from, to, digest: text }: BlobMount,
    options: ChangeOptions<BlobChange> = {},
  ): Promise<LinkedBlob | undefined> {
    const digest = parseDigest(text);
    checkRepository(to);
    using lease = this.#context.content.lease();
    lease.hold(digest);
    const source = this.get(from, digest);
    return source === undefined ? undefined : await this.link(to, source, options);
  }

  async remove(repository: string, text: string, options: ChangeOptions<BlobChange> = {}): Promise<boolean> {
    const digest = parseDigest(text);
    const key = `${checkRepository(repository)}@${digest}`;
    const { links } = this.#context.tables;
    return await change(this.#context, () => {
      const link = links.get(key);
      if (link === undefined) return false;
      const [user] = pageAfter(this.#context.tables.uses, `${key}@`, { limit: 1 });
      if (user !== undefined) throw new BlobInUseError(repository, digest, user.name);
      const { sizeBytes } = link;
      options.inTransaction?.({ repository, digest, sizeBytes, isNew: false });
      links.delete(key);
      this.#context.onContent({ kind: 'blob', change: 'removed', repository, digest, sizeBytes });
      return true;
    });
  }

  /** Makes a stored blob, which the caller holds a lease on, part of a repository. */
  async link(
    repository: string,
    { digest, sizeBytes }: BlobInfo,
    options: ChangeOptions<BlobChange>,
  ): Promise<LinkedBlob> {
    const key = `${repository}@${digest}`;
    const { tables, recent, onContent } = this.#context;
    return await change(this.#context, () => {
      const known = tables.links.get(key);
      options.inTransaction?.({ repository, digest, sizeBytes, isNew: known === undefined });
      recent.note(key);
      if (known !== undefined) return { digest, ...known };
      const link = { sizeBytes, linkedAt: timeNow(this.#context) };
      tables.links.put(key, link);
      touchRepository(this.#context, repository);
      onContent({ kind: 'blob', change: 'added', repository, digest, sizeBytes });
      return { digest, ...link };
    });
  }
}

/** Takes blobs out of a repository that no manifest names and nobody was told of lately. Returns how many. */
export async function unlinkUnused(
  context: StorageContext,
  repository: string,
  digests: readonly Digest[],
): Promise<number> {
  const { links, uses } = context.tables;
  return await change(context, () => {
    let removed = 0;
    for (const digest of digests) {
      const key = `${repository}@${digest}`;
      const link = links.get(key);
      if (link === undefined || context.recent.has(key)) continue;
      if (hasPrefix(uses, `${key}@`)) continue;
      links.delete(key);
      context.onContent({ kind: 'blob', change: 'removed', repository, digest, sizeBytes: link.sizeBytes });
      removed += 1;
    }
    return removed;
  });
}
