import type { ContainerPathStat } from '@gantry/api-types';
import { Directory, type IdTranslation, insideIds, RootedTree, type TreePath } from '@gantry/kernel';
import { packTree } from '@gantry/snapshots';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { openContainerTree } from './container-tree.ts';
import { type FoundPath, findPath, pathStat } from './path-stat.ts';
import { useFileSystem } from './use-file-system.ts';

export interface PathArchive {
  stat: ContainerPathStat;
  /** A tar without holes, for clients know few kinds of it; takes nothing of the container before it is read. */
  archive: AsyncIterable<Uint8Array>;
}

/** A path as the user gave it, and the name or id that he called the container by. */
export interface PathRequest {
  ref: string;
  path: string;
}

/** What is at a path of a container, running or not. Throws `PathNotFoundError`, `InvalidOptionError`. */
export async function statContainerPath(
  environment: ContainerEnvironment,
  container: Container,
  request: PathRequest,
): Promise<ContainerPathStat> {
  return pathStat(await lookUp(environment, container, request));
}

/** The same, and what is there as a tar: `docker cp` out of a container. */
export async function readContainerPath(
  environment: ContainerEnvironment,
  container: Container,
  request: PathRequest,
): Promise<PathArchive> {
  const found = await lookUp(environment, container, request);
  publishContainerEvent(environment.events, container, 'archive-path');
  return { stat: pathStat(found), archive: packPath(environment, container, request) };
}

/** The whole root file system as a tar, without what is mounted in it: `docker export`. */
export async function* exportContainer(
  environment: ContainerEnvironment,
  container: Container,
): AsyncGenerator<Uint8Array> {
  using use = await useFileSystem(environment, container);
  using tree = new RootedTree(Directory.openPath(use.rootfs));
  const { idMaps } = container.record;
  const ids = idMaps && insideIds(idMaps);
  yield* until(use.signal, packTree(tree, { at: [], holes: 'filled', ...(ids && { idsAt: () => ids }) }));
}

async function lookUp(
  environment: ContainerEnvironment,
  container: Container,
  { ref, path }: PathRequest,
): Promise<FoundPath> {
  using use = await useFileSystem(environment, container);
  using tree = openContainerTree(environment, container, use);
  return findPath(tree, path, ref);
}

async function* packPath(
  environment: ContainerEnvironment,
  container: Container,
  { ref, path }: PathRequest,
): AsyncGenerator<Uint8Array> {
  using use = await useFileSystem(environment, container);
  using tree = openContainerTree(environment, container, use);
  const { at, name } = findPath(tree, path, ref);
  const { idMaps } = container.record;
  const ids = idMaps && insideIds(idMaps);
  const idsAt = (place: TreePath): IdTranslation | undefined =>
    tree.idMapsAt(place) === undefined ? undefined : ids;
  yield* until(use.signal, packTree(tree.tree, { at, name, holes: 'filled', ...(ids && { idsAt }) }));
}

async function* until(signal: AbortSignal, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}
