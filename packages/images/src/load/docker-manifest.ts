import { canonicalString, type Digest, parseReference } from '@gantry/oci';
import { InvalidImageError } from '../errors.ts';

/** One image of a docker archive's manifest.json. */
export interface DockerManifestEntry {
  /** Paths within the archive; layers base first. */
  config: string;
  layers: string[];
  /** Canonical names. */
  names: string[];
}

const maxLayerPaths = 10_000;

/** Parses manifest.json (moby: image/tarexport). Throws `InvalidImageError`. */
export function parseDockerManifest(bytes: Uint8Array, maxImages: number): DockerManifestEntry[] {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new InvalidImageError('manifest.json is not JSON', { cause: error });
  }
  if (!Array.isArray(document)) throw new InvalidImageError('manifest.json is not a list of images');
  if (document.length > maxImages) {
    throw new InvalidImageError(
      `manifest.json names ${document.length} images; at most ${maxImages} are accepted`,
    );
  }
  return document.map(parseEntry);
}

function parseEntry(value: unknown): DockerManifestEntry {
  const entry = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const config = entry['Config'];
  if (typeof config !== 'string' || config === '') {
    throw new InvalidImageError('manifest.json has an image without Config');
  }
  const tags = stringsOf(entry['RepoTags'], 'RepoTags');
  return { config, layers: stringsOf(entry['Layers'], 'Layers'), names: tags.map(nameOfTag) };
}

function stringsOf(value: unknown, field: string): string[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new InvalidImageError(`manifest.json has ${field} that are no list of strings`);
  }
  if (value.length > maxLayerPaths) {
    throw new InvalidImageError(`manifest.json has ${value.length} ${field}; that is too many`);
  }
  return value;
}

function nameOfTag(text: string): string {
  try {
    const reference = parseReference(text);
    if (reference.tag !== undefined) return canonicalString({ ...reference, digest: undefined });
  } catch (error) {
    throw new InvalidImageError(`invalid tag ${JSON.stringify(text.slice(0, 300))}`, { cause: error });
  }
  throw new InvalidImageError(`invalid tag ${JSON.stringify(text)}`);
}

/** The digest that a path names (`<hex>.json`, `blobs/sha256/<hex>`); undefined for other paths. */
export function digestOfPath(path: string): Digest | undefined {
  const hex = /^(?:blobs\/sha256\/)?([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}
