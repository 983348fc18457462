import type { CommitOptions, ContainerPathStat, FilesystemChange } from '@gantry/api-types';

/**
 * What the routes of containers' files need; containers that run and others are the same to them. A `ref` is as in
 * `ContainerBackend`; a path that is missing throws not-found (`Could not find the file /x in container y`).
 */
export interface ContainerFilesBackend {
  /** Of the last link itself, unless the path ends with `/` or `/.`. */
  stat(ref: string, path: string): Promise<ContainerPathStat>;
  /** The same, and a tar of what is there. */
  read(ref: string, path: string): Promise<{ stat: ContainerPathStat; archive: AsyncIterable<Uint8Array> }>;
  /** Unpacks a tar, compressed or not, into a directory. Throws forbidden where the container may not write. */
  write(
    ref: string,
    path: string,
    body: AsyncIterable<Uint8Array>,
    options: { noOverwriteDirNonDir: boolean; copyUidGid: boolean },
  ): Promise<void>;
  changes(ref: string): Promise<FilesystemChange[]>;
  /** Makes an image of a container, and resolves with its id. */
  commit(ref: string, options: CommitOptions): Promise<string>;
  /** The root file system as a tar. Rejects before the first byte for an unknown container. */
  export(ref: string): Promise<AsyncIterable<Uint8Array>>;
}
