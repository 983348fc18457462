import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, type Logger, systemClock } from '@gantry/base';
import { FileBlobStore, FilePartialBlobs } from '@gantry/content';
import { openMetadataStore } from '@gantry/state';
import { type CheckOptions, checkStorage, type StorageProblem } from '../fsck/check-storage.ts';
import { type CollectedGarbage, GarbageCollector } from '../gc/garbage-collector.ts';
import type { ContentListener, RegistryStorage } from './registry-storage.ts';
import { PullTimes } from './stored/pull-times.ts';
import { RecentBlobs } from './stored/recent-blobs.ts';
import type { StorageContext } from './stored/storage-context.ts';
import { StoredBlobs } from './stored/stored-blobs.ts';
import { StoredManifests } from './stored/stored-manifests.ts';
import { StoredReferrers } from './stored/stored-referrers.ts';
import { StoredRepositories } from './stored/stored-repositories.ts';
import { StoredTags } from './stored/stored-tags.ts';
import { StoredUploads } from './stored/stored-uploads.ts';
import { openTables } from './stored/tables.ts';

export interface StorageOptions {
  /** `metadata.db` and `content/` lie there. Made when it is missing; one process at a time. */
  directory: string;
  logger: Logger;
  clock?: Clock;
  /** A blob that no manifest names, or that a client was told of, stays for so long at least. */
  graceMs?: number;
  /** Open at a time. */
  maxUploads?: number;
  /** The largest blob that a client may upload. */
  maxBlobBytes?: number;
  onContent?: ContentListener;
  /** Content directories of engines on the same file system: what they have is linked, not kept twice. */
  neighbours?: readonly string[];
}

/** A storage that can be cleaned. */
export interface OpenStorage extends RegistryStorage {
  collectGarbage(signal?: AbortSignal): Promise<CollectedGarbage>;
  /** What does not fit, one after the other, while nobody pushes; see `checkStorage`. */
  check(options: CheckOptions): AsyncIterable<StorageProblem>;
  /** Writes down when what was last pulled; that happens every minute, and in the end. */
  writePullTimes(): void;
  /** Throws when nothing can be stored: the disk fails, or its file system is read-only. */
  checkReady(): Promise<void>;
}

const defaultGraceMs = 2 * 3600_000;
const defaultMaxUploads = 50_000;
const defaultMaxBlobBytes = 2 ** 40;
const pullTimesMs = 60_000;

/** Opens a registry's directory. Throws `StoreBusyError` while another process has it open, `NewerStoreError`. */
export async function openStorage(options: StorageOptions): Promise<OpenStorage> {
  const { directory, clock = systemClock, graceMs = defaultGraceMs } = options;
  const logger = options.logger.child({ component: 'registry-storage' });
  const store = openMetadataStore({ path: path.join(directory, 'metadata.db'), logger });
  const contentDirectory = path.join(directory, 'content');
  try {
    const content = await FileBlobStore.open({
      directory: contentDirectory,
      logger,
      ...(options.neighbours === undefined ? {} : { neighbours: options.neighbours }),
    });
    const partial = path.join(contentDirectory, 'partial');
    const partials = await FilePartialBlobs.open({ directory: partial, store: content });
    const context: StorageContext = {
      store,
      tables: openTables(store),
      content,
      recent: new RecentBlobs(clock, graceMs),
      clock,
      logger,
      onContent: options.onContent ?? (() => {}),
    };
    const blobs = new StoredBlobs(context);
    const uploads = new StoredUploads({
      context,
      partials,
      blobs,
      maxUploads: options.maxUploads ?? defaultMaxUploads,
      maxBlobBytes: options.maxBlobBytes ?? defaultMaxBlobBytes,
    });
    return {
      ...assemble(context, blobs, uploads),
      checkReady: async () => {
        await store.synced();
        await access(path.join(contentDirectory, 'ingest'), constants.W_OK);
      },
    };
  } catch (error) {
    store[Symbol.dispose]();
    throw error;
  }
}

function assemble(
  context: StorageContext,
  blobs: StoredBlobs,
  uploads: StoredUploads,
): Omit<OpenStorage, 'checkReady'> {
  const pullTimes = new PullTimes(context);
  const collector = new GarbageCollector(context);
  const closing = new AbortController();
  const writing = writePullTimes(context, pullTimes, closing.signal);
  return {
    repositories: new StoredRepositories(context.tables),
    blobs,
    manifests: new StoredManifests(context, pullTimes),
    tags: new StoredTags(context),
    referrers: new StoredReferrers(context.tables),
    uploads,
    metadata: context.store,
    collectGarbage: (signal) => collector.collect(signal),
    check: (options) => checkStorage(context, options),
    writePullTimes: () => pullTimes.write(),
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await writing;
      await collector.settled();
      pullTimes.write();
      await context.store.synced();
      context.store[Symbol.dispose]();
    },
  };
}

async function writePullTimes(
  { clock }: StorageContext,
  pullTimes: PullTimes,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(pullTimesMs, signal).catch(() => {});
    pullTimes.write();
  }
}
