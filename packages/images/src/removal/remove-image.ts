import type { ImageDeleteResponseItem } from '@gantry/api-types';
import { canonicalName, type Digest, digestHex, familiarString, parseReference } from '@gantry/oci';
import { ImageInUseError } from '../errors.ts';
import type { ImageUsage } from '../image-store.ts';
import { type FoundImage, findImage } from '../records/find-image.ts';
import type { ImageRecords } from '../records/image-records.ts';

/**
 * Takes names and records away by Docker's rules (moby: daemon/images/image_delete.go). By name: only that name goes
 * while the image has others; the last one takes the image with it. By id: every name goes, if it is one or `force` is
 * given. A container in the way of the image is an error, and `force` helps against a stopped one only; where a name is
 * forced away from under a running container the image stays without names. Synchronous and all or nothing; the blobs
 * are left to garbage collection. Throws `ImageNotFoundError`, `AmbiguousImageError`, `ImageInUseError`.
 */
export function removeImage(
  records: ImageRecords,
  usage: ImageUsage,
  ref: string,
  force: boolean,
): ImageDeleteResponseItem[] {
  return records.transaction(() => {
    const found = findImage(records, ref);
    const allNames = records.namesOf(found.id);
    if (found.by === 'id') {
      refuseById({ found, allNames, usage, force });
      return [...untag(records, allNames), ...deleteRecord(records, found.id)];
    }
    const leaving = [...found.names, ...digestsLeftAlone(found.names, allNames)];
    if (leaving.length < allNames.length) return untag(records, leaving);
    const containers = usage.containersUsing(found.id);
    const [container] = containers;
    if (container !== undefined && !force) {
      const name = familiar(ref);
      throw new ImageInUseError(
        `conflict: unable to remove repository reference "${name}" (must force) - container ${short(container.id)} is using its referenced image ${shortDigest(found.id)}`,
        { imageId: found.id, forceable: true, containerId: container.id },
      );
    }
    const untagged = untag(records, leaving);
    if (containers.some(({ running }) => running)) return untagged;
    return [...untagged, ...deleteRecord(records, found.id)];
  });
}

interface RemovalById {
  found: FoundImage;
  allNames: readonly string[];
  usage: ImageUsage;
  force: boolean;
}

function refuseById({ found, allNames, usage, force }: RemovalById): void {
  const { id } = found;
  const containers = usage.containersUsing(id);
  const running = containers.find((container) => container.running);
  if (running !== undefined) {
    throw new ImageInUseError(
      `conflict: unable to delete ${shortDigest(id)} (cannot be forced) - image is being used by running container ${short(running.id)}`,
      { imageId: id, forceable: false, containerId: running.id },
    );
  }
  if (force) return;
  const tags = allNames.filter((name) => !isDigest(name));
  if (tags.length > 1 || new Set(allNames.map(repositoryOf)).size > 1) {
    throw new ImageInUseError(
      `conflict: unable to delete ${shortDigest(id)} (must be forced) - image is referenced in multiple repositories`,
      { imageId: id, forceable: true },
    );
  }
  const [stopped] = containers;
  if (stopped !== undefined) {
    throw new ImageInUseError(
      `conflict: unable to delete ${shortDigest(id)} (must be forced) - image is being used by stopped container ${short(stopped.id)}`,
      { imageId: id, forceable: true, containerId: stopped.id },
    );
  }
}

/** Takes an unused image away with all its names; undefined when a container uses it (by now). Synchronous, all or nothing. */
export function removeUnused(
  records: ImageRecords,
  usage: ImageUsage,
  id: Digest,
): ImageDeleteResponseItem[] | undefined {
  return records.transaction(() => {
    if (usage.containersUsing(id).length > 0) return undefined;
    return [...untag(records, records.namesOf(id)), ...deleteRecord(records, id)];
  });
}

function untag(records: ImageRecords, names: readonly string[]): ImageDeleteResponseItem[] {
  return names.map((name) => {
    records.deleteName(name);
    return { Untagged: familiar(name) };
  });
}

function deleteRecord(records: ImageRecords, id: Digest): ImageDeleteResponseItem[] {
  records.deleteImage(id);
  return [{ Deleted: id }];
}

/** The digest that an image was pulled by goes with the last tag of its repository. */
function digestsLeftAlone(names: readonly string[], allNames: readonly string[]): string[] {
  const repositories = new Set(names.map(repositoryOf));
  const others = allNames.filter((name) => !names.includes(name) && repositories.has(repositoryOf(name)));
  return others.every(isDigest) ? others : [];
}

function repositoryOf(name: string): string {
  return canonicalName(parseReference(name));
}

function isDigest(name: string): boolean {
  return parseReference(name).digest !== undefined;
}

function familiar(canonical: string): string {
  return familiarString(parseReference(canonical));
}

function short(containerId: string): string {
  return containerId.slice(0, 12);
}

function shortDigest(id: Digest): string {
  return digestHex(id).slice(0, 12);
}
