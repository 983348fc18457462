import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { makeRootfs, makeTestImage, type TarMember, tarArchive, temporaryRoot } from '@gantry/testkit';
import type { TestDaemon } from './test-daemon.ts';

export const busyboxImage = 'mirror/busybox:latest';

/**
 * A docker archive of `mirror/busybox:latest` (or `name`) made from the host's busybox, so that a test needs no mirror.
 * `config` adds to the image's run configuration.
 */
export async function busyboxArchive({
  name = busyboxImage,
  config = {},
  members,
}: {
  name?: string;
  config?: object;
  /** Of a layer of their own. */
  members?: readonly TarMember[];
} = {}): Promise<Uint8Array> {
  await using root = await temporaryRoot();
  const rootfs = path.join(root.path, 'rootfs');
  await makeRootfs(rootfs);
  const layer = execFileSync('tar', ['--numeric-owner', '-C', rootfs, '-cf', '-', '.'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return makeTestImage({
    format: 'docker-archive',
    images: [
      {
        names: [name],
        layers: members === undefined ? [layer] : [layer, tarArchive(members)],
        config: { config: { Cmd: ['sh'], Env: ['PATH=/bin:/sbin:/usr/bin:/usr/sbin'], ...config } },
      },
    ],
  }).archive;
}

/** Loads busybox with further members and a config of its own, under `name`. */
export async function loadChangedBusybox(
  daemon: TestDaemon,
  name: string,
  changes: { members?: readonly TarMember[]; config?: object },
): Promise<void> {
  const loaded = await daemon.docker(['load'], { stdin: await busyboxArchive({ name, ...changes }) });
  assert.equal(loaded.exitCode, 0, loaded.stderr);
}

/** busybox with further members, and a config, under `tricky/<name>`; it does nothing unless told to. */
export function loadTricky(
  daemon: TestDaemon,
  name: string,
  { members, config = {} }: { members: readonly TarMember[]; config?: object },
): Promise<void> {
  return loadChangedBusybox(daemon, `tricky/${name}:latest`, {
    members,
    config: { Cmd: ['true'], ...config },
  });
}

/** Loads the image. */
export async function loadBusybox(daemon: TestDaemon): Promise<void> {
  const finished = await daemon.docker(['load'], { stdin: await busyboxArchive() });
  assert.equal(finished.exitCode, 0, finished.stderr);
  assert.match(finished.stdout, /Loaded image: mirror\/busybox:latest/);
}
