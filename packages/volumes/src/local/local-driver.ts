import { lookup } from 'node:dns/promises';
import { Semaphore } from '@gantry/base';
import { isMountPoint } from '@gantry/kernel';
import { InvalidVolumeOptionError } from '../errors.ts';
import type { DriverVolume, MountableVolume, VolumeDriver, VolumeScope } from '../volume-driver.ts';
import { assertVolumeName } from '../volume-name.ts';
import { type LocalOptions, readLocalOptions } from './local-options.ts';
import { kernelMount, type MountPorts, mountVolume, unmountVolume } from './mount-volume.ts';
import type { VolumeDirectory } from './volume-directory.ts';

/** A server that does not answer holds up no more of the kernel's work than this. */
const mountsAtOnce = 2;

/**
 * Docker's `local` driver: directories, and what the options name mounted on them (a tmpfs, a directory or disk of this host, a
 * server's share).
 */
export class LocalDriver implements VolumeDriver {
  readonly name = 'local';
  readonly #directory: VolumeDirectory;
  readonly #ports: MountPorts;
  readonly #localMounts = new Semaphore(mountsAtOnce);
  readonly #networkMounts = new Semaphore(mountsAtOnce);

  constructor(directory: VolumeDirectory, ports: Partial<MountPorts> = {}) {
    this.#directory = directory;
    this.#ports = { mount: kernelMount, lookup: firstAddress, ...ports };
  }

  scope(): Promise<VolumeScope> {
    return Promise.resolve('local');
  }

  create(name: string, options: Readonly<Record<string, string>>): Promise<void> {
    return Promise.try(() => {
      assertVolumeName(name);
      if (readLocalOptions(options).sizeBytes !== undefined) {
        throw new InvalidVolumeOptionError('quota size requested but no quota support');
      }
      this.#directory.make(name, options);
    });
  }

  needsMount(options: Readonly<Record<string, string>>): boolean {
    return Boolean(options['device']) || Boolean(options['type']);
  }

  async mount({ name, options }: MountableVolume): Promise<string> {
    const target = this.#directory.dataPath(name);
    if (!this.needsMount(options) || isMountPoint(target)) return target;
    const wanted = readLocalOptions(options);
    await this.#turn(wanted).run(() => mountVolume(wanted, target, this.#ports));
    return target;
  }

  async unmount({ name, options }: MountableVolume, { isLast }: { isLast: boolean }): Promise<void> {
    if (!isLast || !this.needsMount(options)) return;
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
    const trash = this.#directory.discard(volume.name);
    return trash === undefined ? undefined : () => this.#directory.emptyTrash(trash);
  }

  #turn({ type = '' }: LocalOptions): Semaphore {
    return /^(?:nfs|cifs|smb|ceph|9p|fuse|afs|gluster|lustre)/.test(type)
      ? this.#networkMounts
      : this.#localMounts;
  }
}

async function firstAddress(host: string): Promise<string> {
  return (await lookup(host, { order: 'ipv4first' })).address;
}
