import type { Descriptor } from '@gantry/oci';

/** An image that an archive holds; its blobs are in the store or missing. */
export interface ArchivedImage {
  target: Descriptor;
  /** Canonical names; empty for an untagged image. */
  names: readonly string[];
}
