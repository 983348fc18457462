import { lookup } from 'node:dns/promises';
import { faultPoint, Semaphore } from '@gantry/base';
import { isMountPoint, type ProjectQuotas } from '@gantry/kernel';
import { InvalidVolumeOptionError } from '../errors.ts';
import type { DriverVolume, MountableVolume, VolumeDriver, VolumeScope } from '../volume-driver.ts';
import { assertVolumeName } from '../volume-name.ts';
import { type LocalOptions, readLocalOptions } from './local-options.ts';
import { kernelMount, type MountPorts, mountVolume, unmountVolume } from './mount-volume.ts';
import type { VolumeDirectory } from './volume-directory.ts';

/** A server that does not answer holds up no more of the kernel's work than this. */
const mountsAtOnce = 2;

/**
 * Docker's `local` driver: directories, held to a size where the file system has project quotas, and what the options name mounted on
 * them (a tmpfs, a directory or disk of this host, a server's share).
 */
export class LocalDriver implements VolumeDriver {
  readonly name = 'local';
  readonly #directory: VolumeDirectory;
  readonly #quotas: ProjectQuotas | undefined;
  readonly #ports: MountPorts;
  readonly #localMounts = new Semaphore(mountsAtOnce);
  readonly #networkMounts = new Semaphore(mountsAtOnce);

  constructor(
    directory: VolumeDirectory,
    quotas: ProjectQuotas | undefined,
    ports: Partial<MountPorts> = {},
  ) {
    this.#directory = directory;
    this.#quotas = quotas;
    this.#ports = { mount: kernelMount, lookup: firstAddress, ...ports };
  }

  scope(): Promise<VolumeScope> {
    return Promise.resolve('local');
  }

  async create(name: string, options: Readonly<Record<string, string>>): Promise<void> {
    assertVolumeName(name);
    const { sizeBytes } = readLocalOptions(options);
    if (sizeBytes !== undefined && mountsSomething(options)) {
      throw new InvalidVolumeOptionError('quota size requested for a device, which has a size of its own');
    }
    if (sizeBytes !== undefined && this.#quotas === undefined) throw new InvalidVolumeOptionError(noQuotas);
    this.#directory.make(name, options);
    faultPoint('volume-create/not-limited');
    await this.#holdToSize(name, sizeBytes);
  }

  needsMount(options: Readonly<Record<string, string>>): boolean {
    return mountsSomething(options) || options['size'] !== undefined;
  }

  async mount({ name, options }: MountableVolume): Promise<string> {
    const target = this.#directory.dataPath(name);
    const wanted = readLocalOptions(options);
    await this.#holdToSize(name, wanted.sizeBytes);
    if (!mountsSomething(options) || isMountPoint(target)) return target;
    await this.#turn(wanted).run(() => mountVolume(wanted, target, this.#ports));
    return target;
  }

  async unmount({ name, options }: MountableVolume, { isLast }: { isLast: boolean }): Promise<void> {
    if (!isLast || !mountsSomething(options)) return;
    const target = this.#directory.dataPath(name);
    await this.#turn(readLocalOptions(options)).run(() => unmountVolume(target));
  }

  get(name: string): Promise<DriverVolume | undefined> {
    const found = this.#directory.has(name);
    return Promise.resolve(found ? { name, mountpoint: this.#directory.dataPath(name) } : undefined);
  }

  list(): Promise<DriverVolume[]> {
    const mountpoint = (name: string): string => this.#directory.dataPath(name);
    return Promise.resolve(this.#directory.names().map((name) => ({ name, mountpoint: mountpoint(name) })));
  }

  async remove(volume: MountableVolume): Promise<(() => Promise<void>) | undefined> {
    await this.unmount(volume, { isLast: true });
    this.#quotas?.release(this.#directory.folder(volume.name));
    const trash = this.#directory.discard(volume.name);
    return trash === undefined ? undefined : () => this.#directory.emptyTrash(trash);
  }

  /** The limit is lost where the directory was brought from elsewhere: then everything in it gets it anew. */
  async #holdToSize(name: string, sizeBytes: number | undefined): Promise<void> {
    if (sizeBytes === undefined) return;
    if (this.#quotas === undefined) throw new InvalidVolumeOptionError(noQuotas);
    await this.#quotas.limit(this.#directory.folder(name), sizeBytes);
  }

  #turn({ type = '' }: LocalOptions): Semaphore {
    return /^(?:nfs|cifs|smb|ceph|9p|fuse|afs|gluster|lustre)/.test(type)
      ? this.#networkMounts
      : this.#localMounts;
  }
}

const noQuotas = 'quota size requested but no quota support';

function mountsSomething(options: Readonly<Record<string, string>>): boolean {
  return Boolean(options['device']) || Boolean(options['type']);
}

async function firstAddress(host: string): Promise<string> {
  return (await lookup(host, { order: 'ipv4first' })).address;
}
