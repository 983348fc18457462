import { randomUUID } from 'node:crypto';
import { faultPoint, KeyedLock } from '@gantry/base';
import {
  type BlobInfo,
  type BlobLease,
  BlobMismatchError,
  BlobTooLargeError,
  type PartialBlobs,
} from '@gantry/content';
import type { Digest } from '@gantry/oci';
import type { BlobChange, LinkedBlob } from '../blobs.ts';
import {
  TooManyUploadsError,
  UploadRangeError,
  UploadTakenOverError,
  UploadUnknownError,
} from '../errors.ts';
import { checkRepository } from '../names.ts';
import type { ChangeOptions } from '../registry-storage.ts';
import type { UploadInfo, UploadPiece, Uploads } from '../uploads.ts';
import { type StorageContext, timeNow } from './storage-context.ts';
import type { StoredBlobs } from './stored-blobs.ts';

export interface StoredUploadsOptions {
  context: StorageContext;
  partials: PartialBlobs;
  blobs: StoredBlobs;
  maxUploads: number;
  maxBlobBytes: number;
}

const pageUploads = 1000;

export class StoredUploads implements Uploads {
  readonly #options: StoredUploadsOptions;
  readonly #lock = new KeyedLock();
  /** Of those that are appending now. */
  readonly #appending = new Map<string, AbortController>();
  #open: number;

  constructor(options: StoredUploadsOptions) {
    this.#options = options;
    this.#open = this.#table.entries().length;
  }

  get #table(): StorageContext['tables']['uploads'] {
    return this.#options.context.tables.uploads;
  }

  begin(repository: string): UploadInfo {
    checkRepository(repository);
    const { maxUploads, context } = this.#options;
    if (this.#open >= maxUploads) throw new TooManyUploadsError(maxUploads);
    const id = randomUUID();
    const document = { repository, startedAt: timeNow(context) };
    this.#table.put(id, document);
    this.#open += 1;
    return { id, ...document, sizeBytes: 0 };
  }

  async get(repository: string, id: string): Promise<UploadInfo> {
    const document = this.#document(repository, id);
    return { id, ...document, sizeBytes: (await this.#options.partials.sizeBytes(id)) ?? 0 };
  }

  async append(repository: string, id: string, piece: UploadPiece): Promise<UploadInfo> {
    return await this.#enter(id, async () => {
      const before = await this.get(repository, id);
      if (piece.offset !== undefined && piece.offset !== before.sizeBytes) {
        throw new UploadRangeError(piece.offset, before.sizeBytes);
      }
      const taken = new AbortController();
      this.#appending.set(id, taken);
      try {
        const sizeBytes = await this.#options.partials.append(id, piece.source, {
          maxBytes: this.#options.maxBlobBytes,
          expectedBytes: piece.expectedBytes,
          signal: piece.signal === undefined ? taken.signal : AbortSignal.any([piece.signal, taken.signal]),
        });
        faultPoint('push/upload-appended');
        return { ...before, sizeBytes };
      } catch (error) {
        // Whatever came next would be too much again.
        if (error instanceof BlobTooLargeError) await this.#remove(id);
        throw error;
      } finally {
        this.#appending.delete(id);
      }
    });
  }

  async commit(
    { repository, id, digest }: { repository: string; id: string; digest: Digest },
    options: ChangeOptions<BlobChange> = {},
  ): Promise<LinkedBlob> {
    const { context, blobs } = this.#options;
    return await this.#enter(id, async () => {
      this.#document(repository, id);
      using lease = context.content.lease();
      const info = await this.#commit(id, digest, lease);
      const blob = await blobs.link(repository, info, options).finally(() => this.#forget(id));
      faultPoint('push/blob-linked');
      return blob;
    });
  }

  async cancel(repository: string, id: string): Promise<void> {
    await this.#enter(id, async () => {
      this.#document(repository, id);
      await this.#remove(id);
    });
  }

  async expire(before: Date): Promise<number> {
    const { partials } = this.#options;
    const changed = new Map<string, Date>();
    for await (const { id, changedAt } of partials.list()) {
      changed.set(id, changedAt);
      // A power cut may have taken the record of it.
      if (changedAt < before && this.#table.get(id) === undefined) await partials.remove(id);
    }
    let expired = 0;
    let after: string | undefined;
    for (;;) {
      const page = this.#table.page({ limit: pageUploads, ...(after === undefined ? {} : { after }) });
      for (const { key: id, document } of page) {
        if ((changed.get(id) ?? new Date(document.startedAt)) >= before || this.#appending.has(id)) continue;
        await this.#enter(id, () => this.#remove(id));
        expired += 1;
      }
      after = page.at(-1)?.key;
      if (after === undefined) return expired;
    }
  }

  #document(repository: string, id: string): { repository: string; startedAt: string } {
    checkRepository(repository);
    const document = this.#table.get(id);
    if (document?.repository !== repository) throw new UploadUnknownError(repository, id);
    return document;
  }

  /** One at a time; whoever is appending gives way. */
  async #enter<T>(id: string, work: () => Promise<T>): Promise<T> {
    this.#appending.get(id)?.abort(new UploadTakenOverError(id));
    return await this.#lock.run(id, work);
  }

  async #remove(id: string): Promise<void> {
    await this.#options.partials.remove(id);
    this.#forget(id);
  }

  #forget(id: string): void {
    if (this.#table.delete(id)) this.#open -= 1;
  }

  /** Of wrong bytes nothing is left; after anything else that fails it may be tried again. */
  async #commit(id: string, digest: Digest, lease: BlobLease): Promise<BlobInfo> {
    try {
      return await this.#options.partials.commit(id, digest, lease);
    } catch (error) {
      if (error instanceof BlobMismatchError) this.#forget(id);
      throw error;
    }
  }
}
