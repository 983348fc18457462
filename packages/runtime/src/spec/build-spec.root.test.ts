import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeRootfs, temporaryRoot } from '@gantry/testkit';
import { buildSpec } from './build-spec.ts';
import { ownNamespaces } from './namespaces.ts';
import { readSpecHost } from './spec-host.ts';

test('crun runs a default spec, and the container has what the spec says', async () => {
  await using root = await temporaryRoot('spec');
  const rootfs = path.join(root.path, 'rootfs');
  await makeRootfs(rootfs);
  const script = [
    'grep CapEff /proc/self/status',
    'grep Seccomp: /proc/self/status',
    'hostname; pwd; id -u',
    'cat /proc/sys/net/ipv4/ip_unprivileged_port_start',
    'touch /sys/x 2>/dev/null || echo ro',
    'mount -t tmpfs x /mnt 2>/dev/null || echo refused',
    'ls /proc/self/fd | wc -l',
  ].join('; ');
  const spec = buildSpec(
    {
      containerId: `spec${process.pid}`,
      rootfs,
      readOnlyRootfs: false,
      args: ['sh', '-c', script],
      env: ['PATH=/bin'],
      workingDirectory: '/tmp',
      user: { uid: 0, gid: 0, additionalGids: [] },
      hostname: 'box',
      domainname: '',
      capabilities: ['CAP_CHOWN', 'CAP_KILL'],
      privileged: false,
      noNewPrivileges: true,
      namespaces: ownNamespaces,
      mounts: [],
      sharedMemory: { sizeBytes: 65_536 },
      resources: {},
      oomScoreAdjustment: 0,
      rlimits: [],
      cgroupParent: '/gantry-spec-test',
    },
    readSpecHost({ cgroupVersion: 1 }),
  );
  const bundle = path.join(root.path, 'bundle');
  mkdirSync(bundle);
  writeFileSync(path.join(bundle, 'config.json'), JSON.stringify(spec));
  const output = execFileSync('crun', ['run', '--bundle', bundle, `spec${process.pid}`])
    .toString()
    .split('\n');
  assert.deepEqual(
    output.slice(0, 2).map((line) => line.split(/\s+/)[1]),
    ['0000000000000021', '2'],
  );
  assert.deepEqual(output.slice(2, 8), ['box', '/tmp', '0', '0', 'ro', 'refused']);
});
