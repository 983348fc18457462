import type { RegistryClient, RegistryCredentials } from '@gantry/distribution';
import type { RegistryBackend } from '@gantry/http-api';
import {
  isIndexType,
  maxDocumentBytes,
  type Platform,
  parseImageConfig,
  parseIndex,
  parseManifest,
  parseReferenceWithTag,
} from '@gantry/oci';
import { InvalidSearchError } from '../errors.ts';
import { searchFilter } from './search-filter.ts';
import { splitSearchTerm } from './search-term.ts';

/** How many results Docker asks for when nobody says, and at most. */
const searchLimit = { usual: 25, most: 100 };

/** Docker Hub, as clients have called it since its first version. */
const hubAddress = 'https://index.docker.io/v1/';

/** Registries in the Engine API's words. */
export class RegistryView implements RegistryBackend {
  readonly #client: RegistryClient;

  constructor(client: RegistryClient) {
    this.#client = client;
  }

  signIn: RegistryBackend['signIn'] = async ({ serveraddress = hubAddress, ...credentials }, signal) => {
    const identityToken = await this.#client.signIn(registryOf(serveraddress), credentials, signal);
    return { Status: 'Login Succeeded', IdentityToken: identityToken ?? '' };
  };

  search: RegistryBackend['search'] = async (text, { limit = 0, filters, auth = {}, signal }) => {
    if (limit < 0 || limit > searchLimit.most) {
      throw new InvalidSearchError(`invalid limit ${limit}: must be between 1 and ${searchLimit.most}`);
    }
    const isWanted = searchFilter(filters);
    const { registry, term } = splitSearchTerm(text);
    const found = await this.#client.search(registry, term, {
      limit: limit || searchLimit.usual,
      credentials: auth satisfies RegistryCredentials,
      signal,
    });
    return found.filter(isWanted).map(({ name, description, starCount, isOfficial }) => ({
      name,
      description,
      star_count: starCount,
      is_official: isOfficial,
      is_automated: false,
    }));
  };

  inspect: RegistryBackend['inspect'] = async (ref, { auth = {}, signal }) => {
    const reference = parseReferenceWithTag(ref);
    const repository = await this.#client.repository(reference, 'pull', auth satisfies RegistryCredentials);
    const { mediaType, digest, bytes } = await repository.manifest(reference.digest ?? reference.tag ?? '', {
      signal,
    });
    const Descriptor = { mediaType, digest, size: bytes.length };
    if (isIndexType(mediaType)) {
      const platforms = parseIndex(bytes, mediaType).manifests.map(({ platform }) => platform);
      return { Descriptor, Platforms: platforms.filter((platform) => platform !== undefined).map(shown) };
    }
    const { config } = parseManifest(bytes, mediaType);
    const document = await collect(repository.blob(config, { signal }));
    return { Descriptor, Platforms: [shown(parseImageConfig(document))] };
  };
}

function registryOf(address: string): string {
  if (address === '' || address === hubAddress) return 'docker.io';
  const host = address.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
  return host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

function shown({ os, architecture, variant }: Platform): Platform {
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    chunks.push(chunk);
    // The parser refuses what is longer.
    if (size > maxDocumentBytes) break;
  }
  return Buffer.concat(chunks);
}
