import { chownSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorMessage } from '@gantry/base';
import {
  type Descriptor,
  Directory,
  insideRoot,
  isErrno,
  openFlags,
  type UserNamespace,
} from '@gantry/kernel';
import type { Container } from '../container.ts';
import { hasPropagation, mountHolder } from '../create/options/mount-holder.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { InvalidOptionError } from '../errors.ts';
import type { BindPropagation, ContainerMount, ContainerRecord } from '../state/container-record.ts';
import { hostRoot } from '../state/host-root.ts';
import { mountVolume, unmountVolumes } from './container-volumes.ts';
import { mountPart } from './mounted-part.ts';

export interface MountSource {
  path: string;
  isDirectory: boolean;
}

/** Paths of the host that the mounts of one start are bound from; valid until this is disposed. */
export interface MountSources extends AsyncDisposable {
  /** A tmpfs has none. */
  of(mount: ContainerMount): MountSource;
}

/**
 * Brings what a container's mounts show to its place: volumes filled, images mounted, missing sources of binds made, and a part
 * of a volume or image mounted apart, so that nothing that changes in it meanwhile leads elsewhere. What was mounted is given back by
 * `undo`. Throws `InvalidOptionError` with Docker's words.
 */
export async function prepareMounts(
  environment: ContainerEnvironment,
  container: Container,
  { rootfs, users }: { rootfs: string; users: UserNamespace | undefined },
  undo: AsyncDisposableStack,
): Promise<MountSources> {
  const { ports, directories } = environment;
  const { id, record } = container;
  const sources = new Map<ContainerMount, string>();
  await using parts = new AsyncDisposableStack();
  const mountWhole = (mount: PartialMount, root: string, owners?: UserNamespace): void => {
    if (mount.subpath === undefined && owners === undefined) {
      sources.set(mount, root);
      return;
    }
    using place = openPart(root, mount);
    const part = parts.use(mountPart(directories.parts, `${id}-${sources.size}`, place, owners));
    sources.set(mount, part.path);
  };
  undo.defer(() => unmountVolumes(environment, container));
  for (const mount of record.mounts) {
    if (mount.type === 'bind') prepareBind(mount, record);
    else if (mount.type === 'volume') {
      const root = await mountVolume(environment, container, { mount, holder: id, rootfs });
      mountWhole(mount, root, users);
    } else if (mount.type === 'image') {
      undo.defer(() => ports.snapshots.unmount(mount.snapshotId));
      mountWhole(mount, await ports.snapshots.mount(mount.snapshotId, users));
    }
  }
  const held = parts.move();
  return {
    of: (mount) => {
      const source = sources.get(mount) ?? (mount.type === 'bind' ? mount.source : '');
      const stat = source === '' ? undefined : statSync(source, { throwIfNoEntry: false });
      return { path: source, isDirectory: stat?.isDirectory() === true };
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Unmounts the images that are mounted in a container. Idempotent. */
export async function unmountImages({ ports }: ContainerEnvironment, { record }: Container): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type === 'image') await ports.snapshots.unmount(mount.snapshotId);
  }
}

type PartialMount = Extract<ContainerMount, { type: 'volume' | 'image' }>;

/** Links are followed no further than the root. */
function openPart(root: string, { subpath = '.' }: PartialMount): Descriptor {
  using directory = Directory.openPath(root);
  try {
    return directory.open(subpath, { flags: openFlags.path, resolve: insideRoot });
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    const part = path.join(root, subpath);
    const reason = isErrno(error, 'ENOENT') ? 'no such file or directory' : 'not a directory';
    throw new InvalidOptionError(`cannot access path ${part}: lstat ${part}: ${reason}`);
  }
}

function prepareBind(mount: Extract<ContainerMount, { type: 'bind' }>, record: ContainerRecord): void {
  if (statSync(mount.source, { throwIfNoEntry: false }) === undefined) makeSource(mount, record);
  checkPropagation(mount.source, mount.propagation);
}

/**
 * `-v` makes a directory of a host path that is missing, as Docker does, and gives it to the container's root; `--mount` only
 * where it is told to.
 */
function makeSource(
  { source, createSource }: Extract<ContainerMount, { type: 'bind' }>,
  record: ContainerRecord,
): void {
  if (createSource === false) {
    throw new InvalidOptionError(
      `invalid mount config for type "bind": bind source path does not exist: ${source}`,
    );
  }
  try {
    const first = mkdirSync(source, { recursive: true, mode: 0o755 });
    const { uid, gid } = hostRoot(record);
    if (first === undefined || uid === 0) return;
    for (let made = source; made.startsWith(first); made = path.dirname(made)) chownSync(made, uid, gid);
  } catch (error) {
    throw new InvalidOptionError(
      `error while creating mount source path '${source}': ${errorMessage(error)}`,
    );
  }
}

/** What is mounted in the container shows here only from a shared mount, and what is mounted here there only so or from a slave. */
function checkPropagation(source: string, propagation: BindPropagation): void {
  if (propagation.endsWith('private')) return;
  const holder = mountHolder(source);
  const slave = propagation.endsWith('slave');
  if (hasPropagation(holder, 'shared') || (slave && hasPropagation(holder, 'master'))) return;
  const wanted = slave ? 'shared or slave' : 'shared';
  throw new InvalidOptionError(
    `path ${source} is mounted on ${holder.target} but it is not a ${wanted} mount`,
  );
}
