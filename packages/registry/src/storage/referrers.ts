import type { Descriptor } from '@gantry/oci';
import type { Page } from './registry-storage.ts';

/** Manifests that are about another one (`subject`): signatures, attestations, lists of what is inside. */
export interface Referrers {
  /** In order of their digests. The subject need not be there. */
  list(repository: string, subject: string, page: Page): Descriptor[];
}
