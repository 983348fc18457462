/** How far a volume is the same: on this host, or wherever the driver runs. */
export type VolumeScope = 'local' | 'global';

/** A volume as its driver tells of it. */
export interface DriverVolume {
  name: string;
  /** Absolute path of what it shows; empty while it is nowhere to be seen. */
  mountpoint: string;
  /** RFC 3339. */
  createdAt?: string;
  /** Whatever the driver likes to tell. */
  status?: Readonly<Record<string, unknown>>;
}

/** What a volume is mounted by: its name and the options that it was made with. */
export interface MountableVolume {
  name: string;
  options: Readonly<Record<string, string>>;
}

/** Makes volumes, and brings them to a path. Calls for one volume come one after the other. */
export interface VolumeDriver {
  readonly name: string;

  scope(): Promise<VolumeScope>;

  /** Throws for a name or an option that is not the driver's. Idempotent. */
  create(name: string, options: Readonly<Record<string, string>>): Promise<void>;

  /** Whether a volume with these options has to be mounted before it is used. */
  needsMount(options: Readonly<Record<string, string>>): boolean;

  /** The path at which the volume's content is from now on, until each holder has unmounted it. Idempotent for one holder. */
  mount(volume: MountableVolume, holder: string): Promise<string>;

  /** `isLast`: nobody else holds it. Idempotent. */
  unmount(volume: MountableVolume, options: { holder: string; isLast: boolean }): Promise<void>;

  /** Undefined when there is no such volume; throws when the driver cannot be asked. */
  get(name: string): Promise<DriverVolume | undefined>;

  /** Throws when the driver cannot be asked. */
  list(): Promise<DriverVolume[]>;

  /**
   * The volume and its content are gone from sight when this resolves; what is left to do takes time, and nobody waits for it.
   * Throws, and leaves all as it was, while it is mounted for somebody.
   */
  remove(volume: MountableVolume): Promise<(() => Promise<void>) | undefined>;
}
