import { EngineError } from '@gantry/base';
import type { Registries } from '@gantry/images';
import { type Digest, isDigest, parseReference, withDefaultTag } from '@gantry/oci';
import type { BuildClient } from '../../build-client.ts';
import type { CacheLocation } from '../../build-request.ts';
import type { BuilderPorts } from '../../builder-environment.ts';
import { BuildOptionNotBuiltError, InvalidBuildError } from '../../errors.ts';
import type { BlobPlace, EncodedDocument } from './cache-document.ts';

/** Where the documents and layers of a cache are, outside of the engine. */
export interface CachePlace {
  /** For people. */
  readonly name: string;
  /** The one that it names, or one by its digest. Its bytes are not verified. Throws where there is none. */
  document(digest: Digest | undefined, signal: AbortSignal): AsyncIterable<Uint8Array>;
  blob(blob: BlobPlace, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Idempotent. */
  write(blob: BlobPlace, open: () => AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** What it names is there already. */
  writeManifest(document: EncodedDocument, signal: AbortSignal): Promise<void>;
}

export interface CachePlaces {
  readonly client: BuildClient | undefined;
  readonly registries: Registries;
}

/**
 * The place that `--cache-from` or `--cache-to` names: `type=registry,ref=…`, or `type=local` with the client's directory (`src`, `dest`
 * and, to import, the manifest's `digest`). Throws `BuildOptionNotBuiltError`, `InvalidBuildError`.
 */
export async function openCachePlace(
  { type, attributes }: CacheLocation,
  places: CachePlaces,
  { action, signal }: { action: 'pull' | 'push'; signal: AbortSignal },
): Promise<CachePlace> {
  const word = action === 'pull' ? 'from' : 'to';
  if (type === 'registry') return await inRegistry(attributes, places, { action, signal });
  if (type === 'local') return atClient(attributes, places, action);
  throw new BuildOptionNotBuiltError(`cache ${word} type=${type}`);
}

/** An image of this host as a place to read a cache from; undefined for a location that names none. */
export async function imageOfHost(
  { type, attributes }: CacheLocation,
  { images, content }: Pick<BuilderPorts, 'images' | 'content'>,
): Promise<CachePlace | undefined> {
  const name = attributes.get('ref') ?? '';
  if (type !== 'registry' || name === '') return undefined;
  try {
    const { id } = await images.resolve(name);
    const refused = (): Promise<never> => Promise.reject(new Error(`${name} is an image of this host`));
    return {
      name,
      document: (digest) => content.read(digest ?? id),
      blob: ({ digest }) => content.read(digest),
      write: refused,
      writeManifest: refused,
    };
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

async function inRegistry(
  attributes: ReadonlyMap<string, string>,
  { client, registries }: CachePlaces,
  { action, signal }: { action: 'pull' | 'push'; signal: AbortSignal },
): Promise<CachePlace> {
  const name = attributes.get('ref') ?? '';
  if (name === '') throw new InvalidBuildError('registry cache requires ref');
  const reference = withDefaultTag(parseReference(name));
  const auth = await client?.credentials?.(reference.domain, { signal });
  const credentials =
    auth &&
    (auth.username === ''
      ? { identitytoken: auth.secret }
      : { username: auth.username, password: auth.secret });
  const repository = await registries.repository(reference, action, credentials);
  const tag = reference.digest ?? reference.tag ?? 'latest';
  return {
    name,
    document: async function* (digest, own) {
      yield (await repository.manifest(digest ?? tag, { signal: own })).bytes;
    },
    blob: (blob, own) => repository.blob(blob, { signal: own }),
    write: async (blob, open, own) => {
      if (!(await repository.hasBlob(blob.digest, { signal: own })))
        await repository.putBlob(blob, open, { signal: own });
    },
    writeManifest: async (document, own) => await repository.putManifest(tag, document, { signal: own }),
  };
}

function atClient(
  attributes: ReadonlyMap<string, string>,
  { client }: CachePlaces,
  action: 'pull' | 'push',
): CachePlace {
  const key = action === 'pull' ? 'src' : 'dest';
  const directory = attributes.get(key) ?? '';
  if (directory === '') throw new InvalidBuildError(`local cache requires ${key}`);
  const content = client?.content?.(`local:${directory}`);
  if (content === undefined)
    throw new BuildOptionNotBuiltError('a local cache of a client that lends no store');
  return {
    name: directory,
    document: (wanted, signal) => {
      const digest = wanted ?? attributes.get('digest') ?? '';
      if (!isDigest(digest)) throw new InvalidBuildError(`local cache ${directory} has no digest`);
      return content.read(digest, { signal });
    },
    blob: ({ digest }, signal) => content.read(digest, { signal }),
    write: async ({ digest, size }, open, signal) => {
      await content.write({ digest, sizeBytes: size, read: open }, { signal });
    },
    writeManifest: async ({ digest, bytes }, signal) => {
      const read = async function* () {
        yield bytes;
      };
      await content.write({ digest, sizeBytes: bytes.length, read }, { signal });
    },
  };
}
