import { errorKind } from '@gantry/base';
import { RegistryClient, type RegistryCredentials, type RemoteRepository } from '@gantry/distribution';
import {
  canonicalName,
  canonicalString,
  type Descriptor,
  isIndexType,
  isManifestType,
  maxDocumentBytes,
  parseImageConfig,
  parseIndex,
  parseManifest,
  type Reference,
} from '@gantry/oci';
import { registryAuth } from '../config/registry-auth.ts';
import { CommandError } from '../errors.ts';
import type { Invocation } from '../invocation.ts';
import { programVersion } from '../program-version.ts';
import { type LocalManifest, localManifest } from './image-manifest.ts';

/** What a name stands for on its registry. */
export type RemoteManifest =
  | { kind: 'manifest'; manifest: LocalManifest }
  | { kind: 'list'; manifests: LocalManifest[] };

/** Registries as `gantry manifest` asks them: by itself, with the credentials of the user, and no engine between. */
export class RemoteManifests implements Disposable {
  readonly #client: RegistryClient;
  readonly #config: Invocation['config'];

  /** `insecure`: registries may be without TLS, or with a certificate that nobody vouches for. */
  constructor(
    { config, environment }: Pick<Invocation, 'config' | 'environment'>,
    { insecure, domain }: { insecure: boolean; domain: string },
  ) {
    this.#config = config;
    this.#client = new RegistryClient({
      settings: () => ({
        registryMirrors: [],
        insecureRegistries: insecure ? [domain] : [],
        certificateDirectory: '/etc/docker/certs.d',
        trustedTokenServices: [],
        maxAttempts: 3,
      }),
      userAgent: `Gantry-Client/${programVersion}`,
      environment,
    });
  }

  repository(reference: Reference, action: 'pull' | 'push'): Promise<RemoteRepository> {
    const header = registryAuth(this.#config(), canonicalName(reference));
    const credentials = JSON.parse(Buffer.from(header, 'base64url').toString()) as RegistryCredentials;
    return this.#client.repository(reference, action, credentials);
  }

  /** Throws `CommandError` (`no such manifest: …`), and what a registry's client throws. */
  async find(reference: Reference): Promise<RemoteManifest> {
    const repository = await this.repository(reference, 'pull');
    const document = await this.#document(repository, reference);
    const { mediaType, digest, bytes } = document;
    if (isIndexType(mediaType)) {
      const { manifests } = parseIndex(bytes, mediaType);
      const images = manifests.filter((child) => isManifestType(child.mediaType));
      return { kind: 'list', manifests: await this.#children(repository, reference, images) };
    }
    if (!isManifestType(mediaType)) {
      throw new CommandError(1, `unsupported manifest format: ${JSON.stringify(mediaType)}`);
    }
    const descriptor = { mediaType, digest, size: bytes.length };
    const platform = await platformIn(repository, document);
    return {
      kind: 'manifest',
      manifest: localManifest(canonicalString(reference), {
        descriptor: { ...descriptor, ...platform },
        bytes,
      }),
    };
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  async #document(
    repository: RemoteRepository,
    reference: Reference,
  ): ReturnType<RemoteRepository['manifest']> {
    try {
      return await repository.manifest(reference.digest ?? reference.tag ?? 'latest');
    } catch (error) {
      if (errorKind(error) !== 'not-found') throw error;
      throw new CommandError(1, `no such manifest: ${canonicalString(reference)}`, {
        kind: 'not-found',
        cause: error,
      });
    }
  }

  async #children(
    repository: RemoteRepository,
    reference: Reference,
    children: readonly Descriptor[],
  ): Promise<LocalManifest[]> {
    const manifests: LocalManifest[] = [];
    const name = canonicalString({ ...reference, digest: undefined });
    for (const descriptor of children) {
      const { bytes } = await repository.manifest(descriptor.digest);
      // What the list says of it, and not the manifest's own config.
      manifests.push(localManifest(`${name}@${descriptor.digest}`, { descriptor, bytes }));
    }
    return manifests;
  }
}

/** The platform that an image's config names; none of an artifact. */
async function platformIn(
  repository: RemoteRepository,
  { mediaType, bytes }: { mediaType: string; bytes: Uint8Array },
): Promise<Pick<LocalManifest['Descriptor'], 'platform'>> {
  const { config } = parseManifest(bytes, mediaType);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of repository.blob(config)) {
    size += chunk.length;
    if (size > maxDocumentBytes) throw new CommandError(1, `config ${config.digest} is too long`);
    chunks.push(chunk);
  }
  const { os, architecture, variant, ...more } = parseImageConfig(Buffer.concat(chunks));
  const version = more['os.version'];
  const features = more['os.features'];
  return {
    platform: {
      os,
      architecture,
      ...(variant === undefined ? {} : { variant }),
      ...(version === undefined ? {} : { 'os.version': version }),
      ...(features === undefined ? {} : { 'os.features': features }),
    },
  };
}
