import type { Filters, ProgressMessage } from '@gantry/api-types';
import { MemoryBlobStore } from '@gantry/content/testing';
import type { Digest } from '@gantry/oci';
import { MemoryMetadataStore } from '@gantry/state/testing';
import {
  type ImageUsage,
  type ImageUser,
  LocalImageStore,
  type LocalImageStoreOptions,
} from '../src/index.ts';
import { MemorySnapshotter } from './memory-snapshotter.ts';
import { noRegistries } from './no-registries.ts';

/** An image store on fakes, and what a test wants to look at. */
export class ImageStoreFixture implements Disposable {
  readonly content: MemoryBlobStore = new MemoryBlobStore();
  readonly snapshots: MemorySnapshotter = new MemorySnapshotter();
  readonly state: MemoryMetadataStore = new MemoryMetadataStore();
  readonly containers: (ImageUser & { imageId: Digest })[] = [];
  readonly store: LocalImageStore;

  constructor(options: Partial<LocalImageStoreOptions> = {}) {
    const usage: ImageUsage = {
      containersUsing: (imageId) => this.containers.filter((container) => container.imageId === imageId),
    };
    const { content, snapshots, state } = this;
    this.store = new LocalImageStore({
      content,
      snapshots,
      state,
      registries: noRegistries,
      usage,
      ...options,
    });
  }

  /** Loads an archive in pieces; returns what was reported. */
  async load(
    archive: Uint8Array,
    options: { quiet?: boolean; signal?: AbortSignal } = {},
  ): Promise<ProgressMessage[]> {
    const messages: ProgressMessage[] = [];
    await this.store.load(inPieces(archive), {
      onProgress: (message) => messages.push(message),
      quiet: true,
      ...options,
    });
    return messages;
  }

  list(filters: Record<string, string[]> = {}): ReturnType<LocalImageStore['list']> {
    return this.store.list({ all: false, filters: filtersOf(filters) });
  }

  /** Digests in the content store, sorted. */
  async blobs(): Promise<Digest[]> {
    const digests: Digest[] = [];
    for await (const { digest } of this.content.list()) digests.push(digest);
    return digests.sort();
  }

  async layers(): Promise<Digest[]> {
    return (await this.snapshots.layers()).map(({ diffId }) => diffId).sort();
  }

  [Symbol.dispose](): void {
    this.content[Symbol.dispose]();
  }
}

export function filtersOf(filters: Record<string, string[]>): Filters {
  return new Map(Object.entries(filters));
}

/** A stream of small chunks. */
export async function* inPieces(bytes: Uint8Array, chunkBytes = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
