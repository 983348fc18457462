import type { IdMaps, UserNamespace } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import type { ArrivingBlob } from './unpack/arriving-blob.ts';

/**
 * Layers unpacked to directories, and writable file systems stacked on them.
 *
 * A layer is unpacked by itself, whatever lies below it, and is known by its diff id (the digest of its uncompressed
 * tar): any number of layers at once, each once on a machine. A layer is visible only when it is whole and its digest
 * was right. A writable snapshot belongs to one container (or build step) and is known by its id.
 *
 * ```ts
 * await snapshots.unpackLayer({ diffId, blobPath, compression: 'gzip' });
 * await snapshots.create('c1', [diffId]);
 * const rootfs = await snapshots.mount('c1');
 * ```
 */
export interface Snapshotter {
  /**
   * Unpacks a layer in a worker. Idempotent; concurrent calls for one layer share one unpacking. Atomic: a crash leaves
   * nothing visible. Throws `LayerMismatchError` (wrong diff id), `UnsafeLayerError` (entry that leaves the layer),
   * `LayerTooLargeError` (past `maxBytes` or `maxEntries`), `CorruptLayerError` (truncated or malformed),
   * `StorageFullError`. What is dropped: overlayfs' own attributes (`trusted.overlay.*`, `user.overlay.*`) and aufs' metadata.
   */
  unpackLayer(layer: PackedLayer): Promise<LayerInfo>;

  /**
   * Unpacks a layer while its bytes come, known by its diff id only at their end. As `unpackLayer` otherwise: nothing is visible
   * before `finish`.
   */
  receiveLayer(layer: ReceivedLayer): LayerReception;

  layer(diffId: Digest): Promise<LayerInfo | undefined>;
  layers(): Promise<ListedLayer[]>;

  /** Idempotent. Throws `LayerInUseError` while a writable snapshot stands on it. */
  removeLayer(diffId: Digest): Promise<void>;

  /**
   * Makes an empty writable snapshot on `layers` (base first). Throws `SnapshotExistsError`, `LayerNotFoundError`,
   * `SizeLimitUnsupportedError`.
   */
  create(id: string, layers: readonly Digest[], options?: SnapshotOptions): Promise<void>;

  /**
   * Mounts and returns the root directory's path. Idempotent: a mounted snapshot stays as it is. `namespace` has the ids that
   * the snapshot was made for, where it was made for any; without it one is made for the moment. Throws
   * `UnmappableMountError` where the kernel cannot show a layer with other owners, `SizeLimitUnsupportedError` where the
   * file system no longer holds the snapshot to its size.
   */
  mount(id: string, namespace?: UserNamespace): Promise<string>;

  /** Idempotent, never blocks the event loop. Throws `SnapshotBusyError` only if a lazy unmount fails too. */
  unmount(id: string): Promise<void>;

  /** Unmounts and removes, in the background where it takes long. Idempotent; gone from `list` when it returns. */
  remove(id: string): Promise<void>;

  list(): Promise<string[]>;

  /** Bytes and files written above the layers. */
  usage(id: string): Promise<DiskUsage>;

  /**
   * What was written above the layers, a directory before what is in it, in the order of names; directories whose content
   * changed are among them. The snapshot may be in use meanwhile. Throws `SnapshotNotFoundError`.
   */
  changes(id: string, options?: ChangesOptions): AsyncIterable<SnapshotChange>;

  /**
   * Packs the changes as an uncompressed layer tar: on top of the snapshot's layers it makes the same tree. Throws
   * `SnapshotNotFoundError`, `UnpackableFileError`.
   */
  packChanges(id: string, options?: ChangesOptions): AsyncIterable<Uint8Array>;

  /** Packs a directory as an uncompressed layer tar. The same tree gives the same bytes, whenever it is packed, and
   * unpacking and packing again gives them too. Throws `UnpackableFileError`. */
  packDirectory(directory: string): AsyncIterable<Uint8Array>;
}

export interface PackedLayer {
  diffId: Digest;
  /** The blob's file: read from its beginning. */
  blobPath: string;
  /**
   * The blob is still on its way into its file. It is unpacked as it comes, beside others that do, and the layer becomes visible when the
   * blob was verified too. Such a call shares no unpacking.
   */
  arriving?: ArrivingBlob;
  compression: 'none' | 'gzip' | 'zstd';
  /** Bound of the uncompressed tar; the default, 64 GiB, protects from bombs. */
  maxBytes?: number;
  /** Bound of the number of entries; the default is two million. */
  maxEntries?: number;
  signal?: AbortSignal;
  /** Called with the compressed bytes consumed so far. */
  onProgress?: (consumedBytes: number) => void;
}

/** A plain layer tar on its way into a file, of which nothing is known before its end. */
export interface ReceivedLayer {
  blobPath: string;
  /** `ended` says where the end is; nobody waits for a verdict. */
  arriving: ArrivingBlob;
  signal?: AbortSignal;
}

/** A layer that arrives. Disposing throws away what is not finished; resolves when nothing of it is written any more. */
export interface LayerReception extends AsyncDisposable {
  /** After the end: the layer is there. Throws what `unpackLayer` throws, `LayerMismatchError` among it. */
  finish(diffId: Digest): Promise<LayerInfo>;
}

export interface SnapshotOptions {
  /** What is written need not survive a crash of the host (`--rm` containers, build steps): unmounting is 100 × faster. */
  volatile?: boolean;
  /** Most bytes that may be written above the layers; the snapshotter's default when missing, none when 0. */
  sizeBytes?: number;
  /**
   * For processes of a user namespace: the layers, which stay as they are, appear with these owners, and what is written
   * above them has them. `changes` and what is packed say the owners that the namespace sees.
   */
  idMaps?: IdMaps;
}

export interface LayerInfo {
  diffId: Digest;
  /** Read-only directory of the unpacked layer, in overlayfs terms (whiteouts are character devices 0/0). */
  path: string;
  sizeBytes: number;
  entries: number;
}

export interface ListedLayer extends LayerInfo {
  /** A writable snapshot stands on it. */
  isUsed: boolean;
}

export interface ChangesOptions {
  /**
   * Absolute paths where a start makes places to mount something. Added as empty files, or as directories with nothing else
   * in them, they are no changes.
   */
  stubs?: ReadonlySet<string>;
}

export interface SnapshotChange {
  /** Absolute, without a slash at its end. */
  path: Uint8Array;
  kind: 'added' | 'modified' | 'deleted';
}

export interface DiskUsage {
  sizeBytes: number;
  entries: number;
}
