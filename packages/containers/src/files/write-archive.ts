import { faultPoint } from '@gantry/base';
import { decompress, sniffStream } from '@gantry/images';
import { readTar } from '@gantry/oci';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ReadOnlyPathError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { findContainerUser } from '../lifecycle/container-user.ts';
import { ArchiveExtractor, type ExtractOptions } from './archive-extractor.ts';
import { openContainerTree } from './container-tree.ts';
import { findDirectory } from './path-stat.ts';
import type { PathRequest } from './read-archive.ts';
import { useFileSystem } from './use-file-system.ts';

export interface WriteOptions {
  /** A directory is never replaced by something else, nor the other way round. */
  noOverwriteDirNonDir: boolean;
  /** Everything belongs to the container's user, where it has one. Otherwise owners are those in the archive. */
  copyUidGid: boolean;
}

/**
 * Unpacks a tar (plain, gzip, bzip2, xz or zstd) into a directory of a container, running or not: `docker cp` into it. What is
 * there already is replaced, directories are merged. What came before an error stays. Throws `PathNotFoundError`,
 * `ReadOnlyPathError`, `ArchiveRefusedError`, `CorruptTarError`, `InvalidOptionError` where `path` is no directory.
 */
export async function writeContainerPath(
  environment: ContainerEnvironment,
  container: Container,
  request: PathRequest & { body: AsyncIterable<Uint8Array> } & WriteOptions,
): Promise<void> {
  using use = await useFileSystem(environment, container);
  using tree = openContainerTree(environment, container, use);
  const target = findDirectory(tree, request.path, request.ref);
  const obstacle = tree.obstacle(target);
  if (obstacle === 'root') throw new ReadOnlyPathError('container rootfs');
  if (obstacle === 'mount') throw new ReadOnlyPathError('mounted volume');
  const options: ExtractOptions = {
    noOverwriteDirNonDir: request.noOverwriteDirNonDir,
    ...(request.copyUidGid && containerOwner(container, use.rootfs)),
  };
  using extractor = new ArchiveExtractor(tree, target, options);
  const { compression, stream } = await sniffStream(request.body);
  for await (const member of readTar(decompress(stream, compression, use.signal))) {
    use.signal.throwIfAborted();
    await extractor.extract(member);
    faultPoint('cp/entry-made');
  }
  extractor.finish();
  faultPoint('cp/unpacked');
  publishContainerEvent(environment.events, container, 'extract-to-dir');
}

/** The container's user, where it has one. */
function containerOwner({ record }: Container, rootfs: string): Pick<ExtractOptions, 'owner'> {
  const specification = record.config.User ?? '';
  if (specification === '') return {};
  const { uid, gid } = findContainerUser(rootfs, specification, []).user;
  return { owner: { uid, gid } };
}
