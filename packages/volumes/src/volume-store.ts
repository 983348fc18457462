import type { CopySource } from './local/copy-up.ts';
import type { VolumeScope } from './volume-driver.ts';

/**
 * Volumes that outlive containers, whatever driver has them. Nothing but `remove` ever deletes a volume's data.
 */
export interface VolumeStore extends AsyncDisposable {
  /**
   * Creates, or returns the volume of that name as it is; without a name an anonymous one with 64 hex digits, without a driver a
   * local one. Throws `InvalidVolumeNameError`, `VolumeNameTakenError` when another driver has the name, and `VolumeOperationError` in
   * Docker's words when there is no such driver, or it refuses.
   */
  create(options: VolumeCreation): Promise<{ volume: VolumeInfo; isNew: boolean }>;

  /** What is recorded; a volume that only its plugin knows is not. */
  get(name: string): VolumeInfo | undefined;
  list(): VolumeInfo[];

  /** Asks the drivers. Undefined when there is no such volume; throws `VolumeOperationError` when its driver cannot be asked. */
  find(name: string): Promise<VolumeDetails | undefined>;
  /** Everything that the drivers have. A driver that cannot be asked is among the warnings, and what is recorded of its volumes is told. */
  findAll(): Promise<{ volumes: VolumeDetails[]; warnings: string[] }>;
  /** `local`, and the plugins that were of use. */
  driverNames(): string[];

  /** Notes that a container uses the volume; `remove` is refused until it is released. Durable, idempotent. */
  acquire(name: string, containerId: string): void;
  release(name: string, containerId: string): void;

  /**
   * Brings the volume to the path that it returns, which stays until `unmount` of the same holder. Mounted at the first holder and
   * unmounted after the last; who holds it survives the engine. Idempotent. Throws `VolumeNotFoundError`, `VolumeMountError`.
   */
  mount(name: string, holder: string): Promise<string>;
  /** Idempotent. Throws when the driver fails: the holder has let go all the same. */
  unmount(name: string, holder: string): Promise<void>;
  /**
   * Lets go for all holders but these, which outlived an earlier engine. Resolves when what this host has mounted is unmounted; plugins
   * are told meanwhile. What fails is logged.
   */
  keepMounts(holders: ReadonlySet<string>): Promise<void>;

  /**
   * Copies the image's content at the mount point into the volume when the volume is empty (Docker's copy-up): owners, modes, times,
   * xattrs, links. The volume is mounted. `source.path` lies below `rootfs` and is resolved inside it.
   */
  copyUp(name: string, source: CopySource): Promise<void>;

  /**
   * Throws `VolumeNotFoundError`, `VolumeInUseError` (names the containers), `VolumeOperationError` when its driver refuses: then, with
   * `force`, the volume is forgotten, and left to its driver.
   */
  remove(name: string, options?: { force?: boolean }): Promise<void>;
}

export interface VolumeCreation {
  name?: string;
  /** `local` or a plugin's name; whatever has a volume of that name, or else `local`, when missing. */
  driver?: string;
  /** The driver's own. */
  options?: Readonly<Record<string, string>>;
  labels?: Readonly<Record<string, string>>;
  anonymous?: boolean;
}

export interface VolumeInfo {
  name: string;
  driver: string;
  /** Options that it was made with. */
  options: Readonly<Record<string, string>>;
  scope: VolumeScope;
  /** Absolute path of the content; empty when its driver has not told one. */
  mountpoint: string;
  createdAt: string;
  labels: Readonly<Record<string, string>>;
  anonymous: boolean;
  usedBy: readonly string[];
  /** Who has it mounted; always empty for a volume that needs no mount. */
  heldBy: readonly string[];
}

export interface VolumeDetails extends VolumeInfo {
  /** What its driver tells besides. */
  status?: Readonly<Record<string, unknown>>;
}
