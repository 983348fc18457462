import { readFileSync } from 'node:fs';
import path from 'node:path';
import { errorMessage } from '@gantry/base';
import type { ImageIndex } from '@gantry/oci';
import { replaceFile } from '../../config/replace-file.ts';
import { CommandError } from '../../errors.ts';
import { ContentStore } from './content-service.ts';

const nameKey = 'org.opencontainers.image.ref.name';
const indexType = 'application/vnd.oci.image.index.v1+json';

/** A descriptor as an index has it, whatever else is in it. */
export interface LayoutEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image of an OCI layout: `PATH[:TAG][@DIGEST]`. Throws `CommandError` when it is not there. */
export function openLayout(text: string): { store: ContentStore; tag: string; digest: string } {
  const [place = '', givenDigest] = text.split('@');
  const colon = place.lastIndexOf(':');
  const hasTag = colon > place.lastIndexOf('/');
  const directory = hasTag ? place.slice(0, colon) : place;
  const tag = hasTag ? place.slice(colon + 1) : 'latest';
  const digest = givenDigest ?? findEntry(directory, tag)?.digest ?? onlyEntry(directory)?.digest;
  if (digest === undefined) {
    throw new CommandError(1, `ERROR: oci-layout reference ${JSON.stringify(text)} could not be resolved`);
  }
  return { store: new ContentStore(directory), tag, digest };
}

/** The entry of an index with this tag. Undefined when there is none, or no layout. */
export function findEntry(directory: string, tag: string): LayoutEntry | undefined {
  return readIndex(directory).find(({ annotations = {} }) => annotations[nameKey] === tag);
}

/** Gives the entry its tag, in the place of what had it. */
export function putEntry(directory: string, entry: LayoutEntry, tag: string): void {
  const others = readIndex(directory).filter(({ annotations = {} }) => annotations[nameKey] !== tag);
  const tagged = { ...entry, annotations: { ...entry.annotations, [nameKey]: tag } };
  const index = { schemaVersion: 2, mediaType: indexType, manifests: [...others, tagged] };
  replaceFile(path.join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}', 0o644);
  replaceFile(path.join(directory, 'index.json'), JSON.stringify(index), 0o644);
}

function onlyEntry(directory: string): LayoutEntry | undefined {
  const entries = readIndex(directory);
  return entries.length === 1 ? entries[0] : undefined;
}

function readIndex(directory: string): readonly LayoutEntry[] {
  const file = path.join(directory, 'index.json');
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as Partial<ImageIndex>).manifests ?? [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new CommandError(1, `ERROR: failed to read ${file}: ${errorMessage(error)}`);
  }
}
