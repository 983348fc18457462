import path, { posix } from 'node:path';
import type { RunMount } from '@gantry/dockerfile';
import { isErrno, keyBytes, pathText } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import type { SpecMount } from '@gantry/runtime';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { BuildOptionNotBuiltError, InvalidBuildError, SourceNotFoundError } from '../errors.ts';
import { mountLayers } from './layered-tree.ts';

/** A mount of a RUN, its variables put in and its source found. */
export interface StepMount extends RunMount {
  /** Where it is in the file system: absolute. */
  readonly destination: string;
  /** Layers of the stage, image or context that a bind mount shows. */
  readonly layers: readonly Digest[];
}

/**
 * Makes everything that a RUN wants mounted; what it opens goes with `opened`. What is written into a bind mount is forgotten then,
 * into a cache mount kept. Throws `SourceNotFoundError`, `InvalidBuildError`, `BuildOptionNotBuiltError`.
 */
export async function openMounts(
  environment: BuilderEnvironment,
  mounts: readonly StepMount[],
  opened: AsyncDisposableStack,
): Promise<SpecMount[]> {
  const specMounts: SpecMount[] = [];
  // Locked caches in one order for all steps, or two would wait for each other.
  const ordered = mounts.toSorted((a, b) => (cacheId(a) < cacheId(b) ? -1 : 1));
  const sources = new Map<StepMount, string>();
  for (const mount of ordered) {
    if (mount.type === 'cache') sources.set(mount, await cacheDirectory(environment, mount, opened));
    else if (mount.type === 'bind') sources.set(mount, await boundPlace(environment, mount, opened));
  }
  for (const mount of mounts) specMounts.push(...specMount(mount, sources.get(mount)));
  return specMounts;
}

function specMount(mount: StepMount, source: string | undefined): SpecMount[] {
  const { destination, readOnly, type } = mount;
  if (source !== undefined)
    return [{ type: 'bind', source, destination, options: ['rbind', readOnly ? 'ro' : 'rw', 'rprivate'] }];
  if (type === 'tmpfs') {
    const size = mount.size === undefined ? [] : [`size=${mount.size}`];
    return [{ type, source: type, destination, options: ['nosuid', 'nodev', 'mode=1777', ...size] }];
  }
  if (mount.required !== true) return [];
  const id = mount.id ?? mount.source ?? posix.basename(destination);
  throw new InvalidBuildError(
    type === 'secret' ? `secret ${id}: not found` : `no SSH key "${id}" forwarded from the client`,
  );
}

/** Writable layers of their own: whatever is written goes with them. */
async function boundPlace(
  environment: BuilderEnvironment,
  mount: StepMount,
  opened: AsyncDisposableStack,
): Promise<string> {
  const source = mount.source ?? '/';
  const tree = opened.use(await mountLayers(environment, mount.layers));
  using rooted = tree.open();
  try {
    const at = rooted.resolve(source);
    rooted.open(at).close();
    return path.join(tree.root, pathText(keyBytes(at.join('/'))));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) throw new SourceNotFoundError('RUN --mount', source);
    throw error;
  }
}

function cacheId(mount: StepMount): string {
  return mount.id ?? mount.destination;
}

async function cacheDirectory(
  { cacheMounts }: BuilderEnvironment,
  mount: StepMount,
  opened: AsyncDisposableStack,
): Promise<string> {
  if (mount.from !== undefined || mount.source !== undefined)
    throw new BuildOptionNotBuiltError('a cache mount with from or source');
  const { sharing = 'shared', mode = 0o755, uid = 0, gid = 0 } = mount;
  return opened.use(await cacheMounts.acquire({ id: cacheId(mount), sharing, mode, uid, gid })).directory;
}
