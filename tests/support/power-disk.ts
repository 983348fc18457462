import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const sizeBytes = 256 * 1024 * 1024;

const bootIdFile = '/proc/sys/kernel/random/boot_id';

/**
 * A disk that loses whatever was not synced when its power is cut: ext4 in a file, with a journal that is not written by
 * itself for ten minutes. After each cut it is another boot for all who share this mount namespace. Needs loop devices and
 * e2fsprogs.
 */
export class PowerDisk implements Disposable {
  readonly place: string;
  readonly #image: string;
  /** Shown in the place of the kernel's. */
  readonly #bootId: string;

  /** Mounts an empty one on the directory, and tries whether it loses what it should. */
  constructor(place: string) {
    this.place = place;
    this.#image = path.join(path.dirname(place), `${path.basename(place)}.img`);
    this.#bootId = path.join(path.dirname(place), 'boot-id');
    this.#reboot();
    execFileSync('mount', ['--bind', this.#bootId, bootIdFile]);
    writeFileSync(this.#image, '', { mode: 0o600 });
    truncateSync(this.#image, sizeBytes);
    execFileSync('mkfs.ext4', ['-q', '-F', this.#image]);
    this.#mount();
    this.#assertLoses();
  }

  /** Whatever uses the disk afterwards gets EIO. Idempotent. */
  cut(): void {
    cutPower(this.place);
  }

  /** After a cut: the file system as the next boot finds it. */
  restore(): void {
    execFileSync('umount', ['-R', this.place]);
    this.#reboot();
    this.#mount();
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['-R', this.place]);
    execFileSync('umount', [bootIdFile]);
    for (const file of [this.#image, this.#bootId]) rmSync(file);
  }

  /** While nobody else uses the disk: what is synced stays, and what is not is lost. */
  #assertLoses(): void {
    const [kept, lost] = ['kept', 'lost'].map((name) => path.join(this.place, name)) as [string, string];
    writeFileSync(kept, 'kept', { flush: true });
    writeFileSync(lost, 'lost');
    this.cut();
    this.restore();
    assert.deepEqual([existsSync(kept), existsSync(lost)], [true, false]);
    rmSync(kept);
  }

  #reboot(): void {
    writeFileSync(this.#bootId, `${randomUUID()}\n`);
  }

  #mount(): void {
    execFileSync('mount', ['-o', 'loop,commit=600', this.#image, this.place]);
  }
}

/**
 * FS_IOC_SHUTDOWN without a flush of the journal (linux/fs.h, EXT4_GOING_FLAGS_NOLOGFLUSH): the file system stops where it is
 * on its disk. By perl, which every Debian has: Node.js knows no ioctl(2).
 */
export function cutPower(place: string): void {
  const script =
    'open(my $at, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl($at, 0x8004587d, $how) or die $!';
  execFileSync('perl', ['-e', script, place]);
}
