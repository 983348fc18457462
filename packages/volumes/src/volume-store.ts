import type { CopySource } from './local/copy-up.ts';

/** Named directories that outlive containers. Nothing but `remove` ever deletes a volume's data. */
export interface VolumeStore {
  /** Creates, or returns the volume of that name as it is. Without a name: an anonymous one with 64 hex digits. Throws `InvalidVolumeNameError`. */
  create(options: {
    name?: string;
    labels?: Readonly<Record<string, string>>;
    anonymous?: boolean;
  }): Promise<VolumeInfo>;
  get(name: string): VolumeInfo | undefined;
  list(): VolumeInfo[];

  /** Notes that a container uses the volume; `remove` is refused until it is released. Durable, idempotent. */
  acquire(name: string, containerId: string): void;
  release(name: string, containerId: string): void;

  /**
   * Copies the image's content at the mount point into the volume when the volume is empty and was never filled before
   * (Docker's copy-up): owners, modes, times, xattrs, links. `source.path` lies below `rootfs` and is resolved inside it.
   */
  copyUp(name: string, source: CopySource): Promise<void>;

  /** Throws `VolumeNotFoundError`, `VolumeInUseError` (names the containers). */
  remove(name: string): Promise<void>;
}

export interface VolumeInfo {
  name: string;
  driver: 'local';
  /** Absolute path of the data directory. */
  mountpoint: string;
  createdAt: string;
  labels: Readonly<Record<string, string>>;
  anonymous: boolean;
  usedBy: readonly string[];
}
