import { errorKind } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import {
  type Descriptor,
  type Digest,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  maxDocumentBytes,
  parseImageConfig,
  parseIndex,
  parseManifest,
} from '@gantry/oci';
import { ImageContentMissingError } from '../errors.ts';
import { deepFreeze } from './deep-freeze.ts';

const cachedDocuments = 512;
const cachedDocumentBytes = 64 * 1024;

/**
 * Reads indexes, manifests and configs from the content store, checked, and keeps the latest small ones: what a digest
 * names never changes. What is returned is frozen. Each method throws `ImageContentMissingError` when the blob is not
 * there, and @gantry/oci's errors for what is malformed.
 */
export class ImageDocuments {
  readonly #content: Pick<BlobStore, 'readSmall'>;
  readonly #cache = new Map<string, unknown>();

  constructor(content: Pick<BlobStore, 'readSmall'>) {
    this.#content = content;
  }

  index({ digest, mediaType }: Descriptor): Promise<ImageIndex> {
    return this.#read('index', digest, (bytes) => parseIndex(bytes, mediaType));
  }

  manifest({ digest, mediaType }: Descriptor): Promise<ImageManifest> {
    return this.#read('manifest', digest, (bytes) => parseManifest(bytes, mediaType));
  }

  config({ digest }: Descriptor): Promise<ImageConfig> {
    return this.#read('config', digest, parseImageConfig);
  }

  /** Says that a blob is gone: it is looked for the next time. */
  forget(digest: Digest): void {
    for (const what of ['index', 'manifest', 'config']) this.#cache.delete(`${what} ${digest}`);
  }

  async #read<T>(what: string, digest: Digest, parse: (bytes: Uint8Array) => T): Promise<T> {
    const key = `${what} ${digest}`;
    const known = this.#cache.get(key) as T | undefined;
    if (known !== undefined) return known;
    const bytes = await this.#bytes(what, digest);
    const document = deepFreeze(parse(bytes));
    if (bytes.length <= cachedDocumentBytes) this.#remember(key, document);
    return document;
  }

  async #bytes(what: string, digest: Digest): Promise<Uint8Array> {
    try {
      return await this.#content.readSmall(digest, maxDocumentBytes);
    } catch (error) {
      if (errorKind(error) === 'not-found') throw new ImageContentMissingError(digest, what);
      throw error;
    }
  }

  #remember(key: string, document: unknown): void {
    const [oldest] = this.#cache.keys();
    if (this.#cache.size >= cachedDocuments && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(key, document);
  }
}
