import type { DistributionInspect, ImageSearchResponseItem, SystemAuthResponse } from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import type { RegistryAuth, RegistryBackend, SearchRequest } from '../src/index.ts';

/** Takes the password `secret`, has one manifest under every name, and finds what it is asked for, once a star. */
export class FakeRegistryBackend implements RegistryBackend {
  async signIn({ password }: RegistryAuth): Promise<SystemAuthResponse> {
    if (password !== 'secret')
      throw new EngineError('unauthorized', 'refused', 'incorrect username or password');
    return { Status: 'Login Succeeded', IdentityToken: '' };
  }

  async search(term: string, { filters, limit = 25 }: SearchRequest): Promise<ImageSearchResponseItem[]> {
    const stars = Number(filters.get('stars')?.[0] ?? 1);
    return Array.from({ length: Math.min(stars, limit) }, () => ({
      name: term,
      description: '',
      star_count: stars,
      is_official: false,
      is_automated: false,
    }));
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
