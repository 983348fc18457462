import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostConfig } from '@gantry/api-types';
import { ContainerFixture } from '../../testing/index.ts';
import { namespaceModes } from './options/namespace-modes.ts';
import { type SecurityDefaults, securitySettings } from './options/security.ts';

const strict: SecurityDefaults = {
  apparmor: false,
  selinux: false,
  noNewPrivileges: true,
  seccomp: 'unconfined',
};

test('new containers get the daemon’s shared memory and IPC mode unless they say otherwise, and keep them', async () => {
  await using fixture = await ContainerFixture.open();
  const make = async (wishes: HostConfig): Promise<string> =>
    await fixture.create('true', { HostConfig: wishes });
  const shown = async (id: string): Promise<unknown[]> => {
    const { HostConfig: host } = await fixture.service.inspect(id, { size: false });
    return [host?.ShmSize, host?.IpcMode];
  };
  fixture.creation = { shmSizeBytes: 1024, ipcMode: 'shareable' };
  const first = await make({});
  assert.deepEqual(await shown(first), [1024, 'shareable']);
  assert.deepEqual(await shown(await make({ ShmSize: 4096, IpcMode: 'private' })), [4096, 'private']);
  fixture.creation = { shmSizeBytes: 2048, ipcMode: 'private' };
  assert.deepEqual(await shown(await make({})), [2048, 'private']);
  assert.deepEqual(await shown(first), [1024, 'shareable']);
});

test('the daemon’s cgroup namespace mode holds but for privileged containers on v1', () => {
  const modeOf = (
    host: HostConfig,
    cgroupVersion: 1 | 2,
    cgroupnsMode?: 'private' | 'host',
  ): string | undefined =>
    namespaceModes(host, {
      findContainerId: () => undefined,
      cgroupVersion,
      defaults: { ipcMode: 'private', ...(cgroupnsMode && { cgroupnsMode }) },
    }).CgroupnsMode;
  assert.equal(modeOf({}, 1), 'host');
  assert.equal(modeOf({}, 2), 'private');
  assert.equal(modeOf({}, 1, 'private'), 'private');
  assert.equal(modeOf({}, 2, 'host'), 'host');
  assert.equal(modeOf({ CgroupnsMode: 'host' }, 2, 'private'), 'host');
  assert.equal(modeOf({ Privileged: true }, 1, 'private'), 'host');
  assert.equal(modeOf({ Privileged: true }, 2), 'private');
});

test('the daemon’s ulimits are those of a start, the container’s own instead of the same kind', async () => {
  await using fixture = await ContainerFixture.open();
  fixture.ulimits.push(
    { type: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
    { type: 'RLIMIT_CORE', soft: 0, hard: -1 },
  );
  const id = await fixture.create('true', {
    HostConfig: { Ulimits: [{ Name: 'nofile', Soft: 5, Hard: 6 }] },
  });
  await fixture.service.start(id);
  assert.deepEqual(fixture.runtime.requests[0]?.spec.process.rlimits, [
    { type: 'RLIMIT_NOFILE', soft: 5, hard: 6 },
    { type: 'RLIMIT_CORE', soft: 0, hard: -1 },
  ]);
  const { HostConfig: host } = await fixture.service.inspect(id, { size: false });
  assert.deepEqual(host?.Ulimits, [{ Name: 'nofile', Soft: 5, Hard: 6 }]);
});

test('the daemon’s seccomp profile and no-new-privileges hold unless a container says otherwise', () => {
  const plain = securitySettings({}, strict);
  assert.deepEqual([plain.noNewPrivileges, plain.security.seccomp], [true, 'unconfined']);
  const own = securitySettings({ SecurityOpt: ['no-new-privileges=false', 'seccomp=builtin'] }, strict);
  assert.deepEqual([own.noNewPrivileges, own.security.seccomp], [false, 'default']);
});
