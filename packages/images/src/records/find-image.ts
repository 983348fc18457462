import {
  canonicalName,
  canonicalString,
  type Digest,
  familiarString,
  isDigest,
  parseReferenceWithTag,
} from '@gantry/oci';
import { AmbiguousImageError, ImageNotFoundError } from '../errors.ts';
import type { ImageRecord, ImageRecords } from './image-records.ts';

export interface FoundImage {
  id: Digest;
  record: ImageRecord;
  /** What the reference was: an id (or a part of one), or names: the one given, or all of a repository for `name@digest`. */
  by: 'id' | 'name';
  /** Canonical; empty when found by id. */
  names: readonly string[];
}

const idGrammar = /^(?:sha256:)?([0-9a-f]{1,64})$/;

/**
 * Finds an image by what a user types, in Docker's order: full id, name (`latest` when it has no tag), `name@digest`
 * (a tag before it is ignored), unique id prefix. Throws `ImageNotFoundError`, `AmbiguousImageError`,
 * `InvalidReferenceError`.
 */
export function findImage(records: ImageRecords, ref: string): FoundImage {
  const hex = idGrammar.exec(ref)?.[1];
  if (hex?.length === 64) return findById(records, `sha256:${hex}`);
  const reference = parseReferenceWithTag(ref);
  if (reference.digest !== undefined) {
    const repository = canonicalName(reference);
    const names = records
      .namesIn(repository)
      .filter(({ record }) => record.imageId === reference.digest)
      .map(({ name }) => name);
    const record = names.length === 0 ? undefined : records.image(reference.digest);
    if (record === undefined) throw new ImageNotFoundError(familiarString(reference));
    return { id: reference.digest, record, by: 'name', names };
  }
  const name = canonicalString(reference);
  const id = records.name(name)?.imageId;
  const record = id === undefined ? undefined : records.image(id);
  if (id !== undefined && record !== undefined) return { id, record, by: 'name', names: [name] };
  const matches = hex === undefined ? [] : idsWithPrefix(records, hex);
  if (matches.length > 1) throw new AmbiguousImageError(ref, matches);
  const [match] = matches;
  if (match === undefined) throw new ImageNotFoundError(familiarString(reference));
  return findById(records, match);
}

function findById(records: ImageRecords, id: string): FoundImage {
  const record = isDigest(id) ? records.image(id) : undefined;
  if (record === undefined) throw new ImageNotFoundError(id);
  return { id: id as Digest, record, by: 'id', names: [] };
}

function idsWithPrefix(records: ImageRecords, hex: string): Digest[] {
  return records
    .images()
    .map(({ id }) => id)
    .filter((id) => id.startsWith(`sha256:${hex}`));
}
