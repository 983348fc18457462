import {
  type FileStat,
  isErrno,
  openFlags,
  pathKey,
  type RootedTree,
  readlinkAt,
  statAt,
  type TreePath,
} from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import { packTree } from '@gantry/snapshots';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { fileChunks } from '../steps/file-chunks.ts';
import { mountLayers } from '../steps/layered-tree.ts';
import type { OpenedSource, SourceFiles } from './source-files.ts';
import type { PackSourceOptions, SourceTree } from './source-tree.ts';

/** The files that unpacked layers show, base first: mounted while they are open. */
export function layeredFiles(
  environment: Pick<BuilderEnvironment, 'ports' | 'steps'>,
  layers: readonly Digest[],
): SourceFiles {
  return {
    ids: layers,
    layers: async () => layers,
    open: async (): Promise<OpenedSource> => {
      await using opened = new AsyncDisposableStack();
      const mounted = opened.use(await mountLayers(environment, layers));
      const tree = new MountedTree(opened.use(mounted.open()));
      const owned = opened.move();
      return { tree, [Symbol.asyncDispose]: () => owned.disposeAsync() };
    },
  };
}

/** A directory of the host as a tree of sources. */
export class MountedTree implements SourceTree {
  readonly #tree: RootedTree;

  /** `tree` stays the caller's. */
  constructor(tree: RootedTree) {
    this.#tree = tree;
  }

  resolve(path: string | Uint8Array): TreePath {
    return this.#tree.resolve(path);
  }

  stat(at: TreePath): FileStat | undefined {
    return unlessMissing(() => {
      using place = this.#tree.open(at);
      return statAt(place.fd, '');
    });
  }

  names(at: TreePath): readonly string[] {
    const names = unlessMissing(() => {
      using directory = this.#tree.openDirectory(at);
      return directory.names().map(pathKey);
    });
    return (names ?? []).sort();
  }

  linkTarget(at: TreePath): Uint8Array {
    using place = this.#tree.open(at);
    return readlinkAt(place.fd, '');
  }

  async *read(at: TreePath): AsyncGenerator<Uint8Array, void, void> {
    using place = this.#tree.open(at);
    using file = place.reopen(openFlags.readOnly);
    yield* fileChunks(file.fd);
  }

  pack(options: PackSourceOptions): AsyncIterable<Uint8Array> {
    return packTree(this.#tree, options);
  }
}

function unlessMissing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
