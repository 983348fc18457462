import {
  Descriptor,
  Directory,
  fileSystemOf,
  type IdMaps,
  insideRoot,
  isErrno,
  openFlags,
  openPath,
  RootedTree,
  type TreePath,
} from '@gantry/kernel';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { networkOwner } from '../lifecycle/joined-namespaces.ts';
import { networkFiles } from '../lifecycle/network-files.ts';
import type { ContainerMount, ContainerRecord } from '../state/container-record.ts';
import { isActive } from '../state/container-state.ts';
import type { FileSystemUse } from './use-file-system.ts';

/** Why a place of a container cannot be written to. */
export type WriteObstacle = 'root' | 'mount';

/**
 * A container's files as its processes see them: the root file system with volumes, bind mounts and, while it runs, its tmpfs
 * mounts in their places; without /proc, /sys and /dev, which are the kernel's. Nothing is mounted for it, and no path in it
 * leads out: see `RootedTree`.
 */
export class ContainerTree implements Disposable {
  readonly tree: RootedTree;
  readonly #rootReadOnly: boolean;
  /** Place of a mount → it is read-only. */
  readonly #mounts = new Map<string, boolean>();
  readonly #idMaps: IdMaps | undefined;
  /** Places whose files have the owners that the container sees, whatever its users are on the host. */
  readonly #ownNamed = new Set<string>();

  constructor(rootfs: string, record: Pick<ContainerRecord, 'hostConfig' | 'idMaps'>) {
    this.tree = new RootedTree(Directory.openPath(rootfs));
    this.#rootReadOnly = record.hostConfig.ReadonlyRootfs === true;
    this.#idMaps = record.idMaps;
  }

  /** Takes `root` over. Of what is `ownNamed`, owners are on the disk as the container sees them. */
  mount(
    destination: string,
    root: Descriptor,
    { readOnly, ownNamed = false }: { readOnly: boolean; ownNamed?: boolean },
  ): void {
    const place = this.tree.graft(destination, root).join('/');
    this.#mounts.set(place, readOnly);
    if (ownNamed) this.#ownNamed.add(place);
    else this.#ownNamed.delete(place);
  }

  /** The container's users, where those of the files at a place are the host's; undefined where nothing is to be translated. */
  idMapsAt(at: TreePath): IdMaps | undefined {
    if (this.#idMaps === undefined || this.#ownNamed.size === 0) return this.#idMaps;
    const mount = this.tree.graftOver(at);
    return mount !== undefined && this.#ownNamed.has(mount.join('/')) ? undefined : this.#idMaps;
  }

  /** Undefined where the container may write. */
  obstacle(at: TreePath): WriteObstacle | undefined {
    const mount = this.tree.graftOver(at);
    if (mount === undefined) return this.#rootReadOnly ? 'root' : undefined;
    return this.#mounts.get(mount.join('/')) === true ? 'mount' : undefined;
  }

  [Symbol.dispose](): void {
    this.tree[Symbol.dispose]();
  }
}

/** The caller disposes. A mount whose source is gone is not there, and shows what lies below it. */
export function openContainerTree(
  environment: ContainerEnvironment,
  container: Container,
  use: FileSystemUse,
): ContainerTree {
  const { record } = container;
  const opened = new ContainerTree(use.rootfs, record);
  try {
    for (const mount of record.mounts.toSorted((a, b) => depth(a.destination) - depth(b.destination))) {
      const root = openMount({ environment, container, use }, mount);
      if (root === undefined) continue;
      opened.mount(mount.destination, root, {
        readOnly: isReadOnly(mount),
        ownNamed: mount.type === 'volume',
      });
    }
    mountNetworkFiles(environment, container, opened);
    return opened;
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}

/** /etc/hosts and the like, once a start has written them, where the user mounts nothing of his own. */
function mountNetworkFiles(
  environment: ContainerEnvironment,
  container: Container,
  tree: ContainerTree,
): void {
  const { record } = container;
  const files = networkFiles(networkOwner(environment, container).directory);
  const taken = new Set(record.mounts.map(({ destination }) => destination));
  for (const [destination, source] of [
    ['/etc/hosts', files.hosts],
    ['/etc/hostname', files.hostname],
    ['/etc/resolv.conf', files.resolvConf],
  ] as const) {
    const root = taken.has(destination) ? undefined : openSource(source);
    if (root === undefined) continue;
    tree.mount(destination, root, { readOnly: record.hostConfig.ReadonlyRootfs === true });
  }
}

interface TreeParts {
  environment: ContainerEnvironment;
  container: Container;
  use: FileSystemUse;
}

function openMount(
  { environment, container, use }: TreeParts,
  mount: ContainerMount,
): Descriptor | undefined {
  switch (mount.type) {
    case 'tmpfs':
      return openTmpfs(environment, container, mount.destination);
    case 'image':
      return openPart(use.imageRoots.get(mount.snapshotId) ?? '', mount.subpath);
    case 'volume':
      return openPart(use.volumeRoots.get(mount.volumeName) ?? '', mount.subpath);
    case 'bind':
      return openSource(mount.source);
  }
}

/** Links in a volume lead no further than its root. */
function openPart(root: string, subpath: string | undefined): Descriptor | undefined {
  if (subpath === undefined) return openSource(root);
  try {
    using directory = Directory.openPath(root);
    return directory.open(subpath, { flags: openFlags.path, resolve: insideRoot });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function openSource(source: string): Descriptor | undefined {
  try {
    return new Descriptor(openPath(source, openFlags.path));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** It exists in the mount namespace of the container's first process only. */
function openTmpfs(
  { ports }: ContainerEnvironment,
  { id, state }: Container,
  destination: string,
): Descriptor | undefined {
  if (!isActive(state)) return undefined;
  try {
    using root = Directory.openPath(`/proc/${state.pid}/root`);
    const place = root.open(destination, { flags: openFlags.path, resolve: insideRoot });
    // Looked at after opening: a process that is the container's now was so then, however often pids are reused.
    const isOurs = ports.runtime.processIds(id).includes(state.pid);
    if (isOurs && fileSystemOf(place.path).type === 'tmpfs') return place;
    place.close();
    return undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ESRCH', 'EACCES', 'ELOOP', 'EXDEV')) return undefined;
    throw error;
  }
}

function isReadOnly(mount: ContainerMount): boolean {
  if (mount.type === 'image') return true;
  return mount.type === 'tmpfs' ? mount.options.includes('ro') : mount.readOnly;
}

function depth(destination: string): number {
  return destination.split('/').length;
}
