import type { Digest } from '@gantry/oci';
import type { SourceTree } from './source-tree.ts';

/** Files that instructions take from: a context, a stage, an image, a repository. They never change. */
export interface SourceFiles {
  /** What they are, base first: equal ids, equal files. */
  readonly ids: readonly Digest[];
  /** Opens them to be read; the caller disposes. */
  open(): Promise<OpenedSource>;
  /** The same as unpacked layers, base first, to be mounted: made when they are not there. Kept as long as the build goes on. */
  layers(): Promise<readonly Digest[]>;
}

export interface OpenedSource extends AsyncDisposable {
  readonly tree: SourceTree;
}
