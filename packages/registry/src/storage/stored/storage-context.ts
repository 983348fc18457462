import type { Clock, Logger } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import type { MetadataStore } from '@gantry/state';
import type { ContentListener } from '../registry-storage.ts';
import type { RecentBlobs } from './recent-blobs.ts';
import type { Tables } from './tables.ts';

/** What the parts of a storage share. */
export interface StorageContext {
  store: MetadataStore;
  tables: Tables;
  content: BlobStore;
  recent: RecentBlobs;
  clock: Clock;
  logger: Logger;
  onContent: ContentListener;
}

export function timeNow({ clock }: Pick<StorageContext, 'clock'>): string {
  return clock.now().toISOString();
}

/**
 * Makes a change and resolves when it survives a power cut. The commits of many requests share a sync of the disk, for which
 * the event loop does not wait.
 */
export async function change<T>({ store }: Pick<StorageContext, 'store'>, work: () => T): Promise<T> {
  const result = store.transaction(work, { sync: 'later' });
  await store.synced();
  return result;
}

/** Within a transaction: the repository is there from now on. */
export function touchRepository(context: StorageContext, name: string, isPush = false): void {
  const { repositories } = context.tables;
  const now = timeNow(context);
  const known = repositories.get(name);
  if (known !== undefined && !isPush) return;
  repositories.put(name, { ...(known ?? { createdAt: now }), ...(isPush ? { pushedAt: now } : {}) });
}
