import type { DistributionInspect, SystemAuthResponse } from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import type { RegistryAuth, RegistryBackend } from '../src/index.ts';

/** Takes the password `secret`, and has one manifest under every name. */
export class FakeRegistryBackend implements RegistryBackend {
  async signIn({ password }: RegistryAuth): Promise<SystemAuthResponse> {
    if (password !== 'secret')
      throw new EngineError('unauthorized', 'refused', 'incorrect username or password');
    return { Status: 'Login Succeeded', IdentityToken: '' };
  }

  async inspect(): Promise<DistributionInspect> {
    const digest = `sha256:${'ab'.repeat(32)}`;
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    return {
      Descriptor: { mediaType, digest, size: 2 },
      Platforms: [{ os: 'linux', architecture: 'amd64' }],
    };
  }
}
