import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSpec } from './build-spec.ts';
import { ownNamespaces, type SpecNamespaces } from './namespaces.ts';
import type { SpecHost } from './spec-host.ts';
import type { SpecOptions } from './spec-options.ts';

const host: SpecHost = {
  cgroupVersion: 2,
  cgroupDriver: 'cgroupfs',
  capabilities: (1n << 41n) - 1n,
  kernelVersion: 6001,
  architecture: 'x64',
  limits: new Map([['RLIMIT_NOFILE', { soft: 1024, hard: 4096 }]]),
};

const options: SpecOptions = {
  containerId: 'c1',
  rootfs: '/rootfs',
  readOnlyRootfs: false,
  args: ['true'],
  env: ['A=b'],
  workingDirectory: '/',
  user: { uid: 1, gid: 2, additionalGids: [3] },
  hostname: 'box',
  domainname: '',
  capabilities: ['CAP_CHOWN', 'CAP_SYS_RESOURCE'],
  privileged: false,
  noNewPrivileges: false,
  namespaces: { ...ownNamespaces, network: { made: '/run/netns/c1' } },
  mounts: [],
  sharedMemory: { sizeBytes: 1024 },
  resources: {},
  oomScoreAdjustment: 0,
  rlimits: [],
  cgroupParent: '/gantry',
};

function seccompNames(spec: ReturnType<typeof buildSpec>): Set<string> {
  const rules = spec.linux.seccomp?.syscalls ?? [];
  return new Set(
    rules
      .filter((rule) => rule.args === undefined && rule.action === 'SCMP_ACT_ALLOW')
      .flatMap((rule) => rule.names),
  );
}

test('a container has namespaces of its own, the host’s, or those of others, each as asked', () => {
  const build = (namespaces: Partial<SpecNamespaces>): ReturnType<typeof buildSpec> =>
    buildSpec({ ...options, namespaces: { ...options.namespaces, ...namespaces } }, host);
  const types = (namespaces: Partial<SpecNamespaces>): string[] =>
    build(namespaces).linux.namespaces.map(({ type }) => type);
  assert.deepEqual(types({}), ['mount', 'uts', 'pid', 'ipc', 'cgroup', 'network']);
  assert.deepEqual(types({ network: 'host', uts: 'host', pid: 'host', cgroup: 'host' }), ['mount', 'ipc']);
  assert.equal(build({ uts: 'host' }).hostname, undefined);
  const joined = build({ network: { joined: '/n' }, ipc: { joined: '/i' } });
  assert.deepEqual(
    joined.linux.namespaces.filter(({ path }) => path !== undefined),
    [
      { type: 'ipc', path: '/i' },
      { type: 'network', path: '/n' },
    ],
  );
  assert.deepEqual(joined.linux.sysctl, {});
  assert.notDeepEqual(build({}).linux.sysctl, {});
});

test('/dev/shm is the container’s, somebody else’s, or not there', () => {
  const shm = (sharedMemory: SpecOptions['sharedMemory']): unknown =>
    buildSpec({ ...options, sharedMemory }, host).mounts.find(
      ({ destination }) => destination === '/dev/shm',
    );
  assert.deepEqual(shm('none'), undefined);
  assert.deepEqual(shm({ path: '/donor' }), {
    destination: '/dev/shm',
    type: 'bind',
    source: '/donor',
    options: ['rbind', 'rprivate'],
  });
});

test('what the engine lacks is not promised to the container', () => {
  const lacking = { ...host, capabilities: host.capabilities & ~(1n << 24n) };
  assert.deepEqual(buildSpec(options, lacking).process.capabilities?.bounding, ['CAP_CHOWN']);
  const rlimits = [{ type: 'RLIMIT_NOFILE', soft: 10, hard: 5000 }];
  assert.throws(
    () => buildSpec({ ...options, rlimits }, lacking),
    /RLIMIT_NOFILE from 4096 to 5000.*CAP_SYS_RESOURCE/,
  );
  assert.equal(buildSpec({ ...options, rlimits }, host).process.rlimits?.[0]?.hard, 5000);
});

test('the filter opens with the capabilities a call is there for', () => {
  const plain = seccompNames(buildSpec(options, host));
  assert.ok(plain.has('openat2') && plain.has('arch_prctl') && plain.has('ptrace'));
  for (const name of ['mount', 'bpf', 'reboot', 'keyctl', 'clone', 'clone3', 'socket', 'io_uring_setup'])
    assert.ok(!plain.has(name), name);
  const admin = seccompNames(buildSpec({ ...options, capabilities: ['CAP_SYS_ADMIN'] }, host));
  assert.ok(admin.has('mount') && admin.has('clone3') && !admin.has('reboot'));
  assert.ok(!seccompNames(buildSpec(options, { ...host, kernelVersion: 4004 })).has('ptrace'));
});

test('a user’s mount takes the place of a default one, and shared binds need a shared root', () => {
  const mounts = [
    { type: 'bind', source: '/h', destination: '/dev/shm', options: ['rbind', 'rshared'] },
  ] as const;
  const spec = buildSpec({ ...options, mounts }, host);
  assert.deepEqual(
    spec.mounts.filter(({ destination }) => destination === '/dev/shm').map(({ type }) => type),
    ['bind'],
  );
  assert.equal(spec.linux.rootfsPropagation, 'rshared');
});

test('privileged means no filter, no masks, writable /sys and the host’s devices', () => {
  const { linux, mounts } = buildSpec({ ...options, privileged: true }, host);
  assert.equal(linux.seccomp, undefined);
  assert.equal(linux.maskedPaths, undefined);
  assert.ok(
    linux.devices?.some(({ path, major, minor }) => path === '/dev/null' && major === 1 && minor === 3),
  );
  assert.ok(mounts.find(({ destination }) => destination === '/sys')?.options?.includes('rw'));
});

test('limits become cgroup resources, and what is not limited is left out', () => {
  const wanted = (resources: SpecOptions['resources']): object => {
    const { devices: _devices, ...limits } = buildSpec({ ...options, resources }, host).linux.resources ?? {};
    return limits;
  };
  assert.deepEqual(wanted({}), {});
  assert.deepEqual(wanted({ blockReadsPerSecond: [] }), {});
  assert.deepEqual(wanted({ memoryBytes: 64, memorySwapBytes: -1, swappiness: 0, oomKillDisable: false }), {
    memory: { limit: 64, swap: -1, swappiness: 0, disableOOMKiller: false },
  });
  assert.deepEqual(wanted({ cpuQuotaUs: 50_000, cpuPeriodUs: 100_000, cpusetCpus: '0-1', pidsLimit: 9 }), {
    cpu: { quota: 50_000, period: 100_000, cpus: '0-1' },
    pids: { limit: 9 },
  });
  const device = { major: 8, minor: 0 };
  assert.deepEqual(
    wanted({
      blockWeight: 100,
      blockWeightDevices: [{ ...device, weight: 7 }],
      blockWritesPerSecond: [{ ...device, rate: 5 }],
    }),
    {
      blockIO: {
        weight: 100,
        weightDevice: [{ ...device, weight: 7 }],
        throttleWriteIOPSDevice: [{ ...device, rate: 5 }],
      },
    },
  );
});

test('the score for the OOM killer is the process’s own', () => {
  assert.equal(buildSpec({ ...options, oomScoreAdjustment: 500 }, host).process.oomScoreAdj, 500);
});

test('an init process comes before the command', () => {
  const spec = buildSpec({ ...options, initPath: '/usr/bin/catatonit' }, host);
  assert.deepEqual(spec.process.args, ['/sbin/docker-init', '--', 'true']);
  assert.ok(
    spec.mounts.some(
      ({ source, destination }) => source === '/usr/bin/catatonit' && destination === '/sbin/docker-init',
    ),
  );
});
