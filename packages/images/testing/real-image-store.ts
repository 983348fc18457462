import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { silentLogger } from '@gantry/base';
import { type BlobStore, FileBlobStore } from '@gantry/content';
import { openSnapshotter, type Snapshotter } from '@gantry/snapshots';
import { openMetadataStore } from '@gantry/state';
import { LocalImageStore, type LocalImageStoreOptions } from '../src/index.ts';
import { noRegistries } from './no-registries.ts';

/** An image store on the real blob store, snapshotter and metadata store. */
export interface RealImageStore extends AsyncDisposable {
  store: LocalImageStore;
  content: BlobStore;
  snapshots: Snapshotter;
  /** Where `mirror/` images are put together. */
  workDirectory: string;
}

/** Opens one under `root`, which the caller owns; opening again finds what was there. Needs root. */
export async function openRealImageStore(
  root: string,
  options: Partial<LocalImageStoreOptions> = {},
): Promise<RealImageStore> {
  const logger = silentLogger;
  const workDirectory = path.join(root, 'work');
  await mkdir(workDirectory, { recursive: true });
  const content = await FileBlobStore.open({ directory: path.join(root, 'content'), logger });
  const snapshots = await openSnapshotter({ root: path.join(root, 'snapshots'), logger });
  const state = openMetadataStore({ path: path.join(root, 'state.db'), logger });
  const store = new LocalImageStore({
    content,
    snapshots,
    state,
    registries: noRegistries,
    logger,
    workDirectory,
    ...options,
  });
  return {
    store,
    content,
    snapshots,
    workDirectory,
    [Symbol.asyncDispose]: async () => {
      await snapshots[Symbol.asyncDispose]();
      state[Symbol.dispose]();
    },
  };
}
