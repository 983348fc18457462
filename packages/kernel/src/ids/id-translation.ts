import { EngineError } from '@gantry/base';
import { type IdMaps, type IdRange, idInside, idOutside, type Owner, overflowId } from './id-maps.ts';

/** An id of a user namespace that it does not have on the host; Docker's words. */
export class UnmappedIdError extends EngineError {
  override readonly name = 'UnmappedIdError';
  constructor(id: number) {
    super('invalid', 'unmapped-id', `Container ID ${id} cannot be mapped to a host ID`, { details: { id } });
  }
}

/** Says the ids in a file's attributes anew, from one side of a user namespace for the other. */
export interface IdTranslation {
  owner: (owner: Owner) => Owner;
  /**
   * Two extended attributes hold ids: access control lists (acl(5), `linux/posix_acl_xattr.h`) and file capabilities
   * (capabilities(7), `struct vfs_ns_cap_data`). A process of the host reads and writes both with the host's ids.
   */
  xattr: (name: string, value: Uint8Array) => Uint8Array;
}

/** From what the namespace calls its users to what they are on the host. `owner` throws `UnmappedIdError`. */
export function outsideIds(maps: IdMaps): IdTranslation {
  return {
    owner: ({ uid, gid }) => ({ uid: mapped(maps.uids, uid), gid: mapped(maps.gids, gid) }),
    xattr: (name, value) => {
      if (isAccessList(name)) return mappedList(value, maps, idOutside);
      return name === capabilityName ? rootedCapability(value, idOutside(maps.uids, 0)) : value;
    },
  };
}

/** From the host's ids to the namespace's; `overflowId` for those that it does not have. */
export function insideIds(maps: IdMaps): IdTranslation {
  return {
    owner: ({ uid, gid }) => ({
      uid: idInside(maps.uids, uid) ?? overflowId,
      gid: idInside(maps.gids, gid) ?? overflowId,
    }),
    xattr: (name, value) => {
      if (isAccessList(name)) return mappedList(value, maps, idInside);
      return name === capabilityName ? plainCapability(value, idOutside(maps.uids, 0)) : value;
    },
  };
}

function mapped(ranges: readonly IdRange[], id: number): number {
  const outside = idOutside(ranges, id);
  if (outside === undefined) throw new UnmappedIdError(id);
  return outside;
}

const capabilityName = 'security.capability';
const namedUser = 0x02;
const namedGroup = 0x08;
const listHeaderBytes = 4;
const listEntryBytes = 8;

function isAccessList(name: string): boolean {
  return name === 'system.posix_acl_access' || name === 'system.posix_acl_default';
}

function mappedList(
  value: Uint8Array,
  { uids, gids }: IdMaps,
  map: (ranges: readonly IdRange[], id: number) => number | undefined,
): Uint8Array {
  const list = Uint8Array.from(value);
  const view = new DataView(list.buffer);
  for (let at = listHeaderBytes; at + listEntryBytes <= list.length; at += listEntryBytes) {
    const tag = view.getUint16(at, true);
    if (tag !== namedUser && tag !== namedGroup) continue;
    const id = map(tag === namedUser ? uids : gids, view.getUint32(at + 4, true));
    view.setUint32(at + 4, id ?? overflowId, true);
  }
  return list;
}

const revisionMask = 0xff000000;
const plainRevision = 0x02000000;
const rootedRevision = 0x03000000;
const plainBytes = 20;
const rootedBytes = 24;

/** Capabilities that count where `root` is the first user: of revision 3, which says so. */
function rootedCapability(value: Uint8Array, root: number | undefined): Uint8Array {
  if (root === undefined || revisionOf(value) !== plainRevision || value.length !== plainBytes) return value;
  const rooted = new Uint8Array(rootedBytes);
  rooted.set(value);
  const view = new DataView(rooted.buffer);
  view.setUint32(0, ((view.getUint32(0, true) & ~revisionMask) | rootedRevision) >>> 0, true);
  view.setUint32(plainBytes, root, true);
  return rooted;
}

function plainCapability(value: Uint8Array, root: number | undefined): Uint8Array {
  if (revisionOf(value) !== rootedRevision || value.length !== rootedBytes) return value;
  const view = new DataView(Uint8Array.from(value).buffer);
  if (view.getUint32(plainBytes, true) !== root) return value;
  view.setUint32(0, ((view.getUint32(0, true) & ~revisionMask) | plainRevision) >>> 0, true);
  return new Uint8Array(view.buffer, 0, plainBytes);
}

function revisionOf(value: Uint8Array): number | undefined {
  if (value.length < 4) return undefined;
  const magic = new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(0, true);
  return (magic & revisionMask) >>> 0;
}
