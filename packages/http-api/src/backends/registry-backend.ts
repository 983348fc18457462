import type { DistributionInspect, SystemAuthResponse } from '@gantry/api-types';
import type { RegistryAuth } from './image-backend.ts';

/** What is asked of registries without keeping an image. */
export interface RegistryBackend {
  /** Asks the registry whether it takes the credentials; keeps nothing. Throws unauthorized when it does not. */
  signIn(auth: RegistryAuth, signal: AbortSignal): Promise<SystemAuthResponse>;
  /** What the registry has under a name. */
  inspect(ref: string, options: { auth?: RegistryAuth; signal: AbortSignal }): Promise<DistributionInspect>;
}
