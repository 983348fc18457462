import type {
  DistributionInspect,
  Filters,
  ImageSearchResponseItem,
  SystemAuthResponse,
} from '@gantry/api-types';
import type { RegistryAuth } from './image-backend.ts';

/** What is asked of registries without keeping an image. */
export interface RegistryBackend {
  /** Asks the registry whether it takes the credentials; keeps nothing. Throws unauthorized when it does not. */
  signIn(auth: RegistryAuth, signal: AbortSignal): Promise<SystemAuthResponse>;
  /**
   * Repositories of Docker Hub, or of the registry that `term` begins with. Throws invalid for a limit or filter that does not
   * exist, not-implemented for a registry that cannot be searched.
   */
  search(term: string, options: SearchRequest): Promise<ImageSearchResponseItem[]>;
  /** What the registry has under a name. */
  inspect(ref: string, options: { auth?: RegistryAuth; signal: AbortSignal }): Promise<DistributionInspect>;
}

export interface SearchRequest {
  /** Docker's number when missing. */
  limit?: number;
  filters: Filters;
  auth?: RegistryAuth;
  signal: AbortSignal;
}
