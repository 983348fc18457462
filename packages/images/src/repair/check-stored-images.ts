import type { BlobStore } from '@gantry/content';
import type { Digest } from '@gantry/oci';
import type { MetadataStore } from '@gantry/state';
import { defaultLimits } from '../limits.ts';
import { ImageDocuments } from '../reading/image-documents.ts';
import { ImageRecords } from '../records/image-records.ts';
import { type CheckedStores, checkImages, type ImageProblem } from './check-images.ts';

/** Images as they lie on disk, with no store open on them. */
export interface StoredImages {
  state: MetadataStore;
  content: Pick<BlobStore, 'list' | 'stat' | 'readSmall'>;
  isUnpacked: (diffId: Digest) => boolean;
  snapshots: CheckedStores['snapshots'];
  /** Layers that are kept though no image has them. */
  retained: ReadonlySet<Digest>;
}

/** Looks for what does not fit, as `LocalImageStore.check` does; changes nothing. */
export async function checkStoredImages({
  state,
  content,
  isUnpacked,
  snapshots,
  retained,
}: StoredImages): Promise<ImageProblem[]> {
  return await checkImages({
    records: new ImageRecords(state),
    documents: new ImageDocuments(content),
    content,
    unpacker: {
      unpacked: (diffIds) => Promise.resolve(diffIds.every(isUnpacked) ? [] : undefined),
    },
    snapshots,
    maxManifests: defaultLimits.manifests,
    isKept: (digest) => retained.has(digest),
  });
}
