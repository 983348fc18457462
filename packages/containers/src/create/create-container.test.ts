import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerCreateRequest, HostConfig } from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import { ContainerFixture } from '../../testing/index.ts';

/** What `docker run` of CLI 28 sends for options that were not given. */
const dockerDefaults = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Volumes: {},
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: {},
  HostConfig: {
    Binds: null,
    ContainerIDFile: '',
    LogConfig: { Type: '', Config: {} },
    NetworkMode: 'default',
    PortBindings: {},
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    AutoRemove: false,
    VolumeDriver: '',
    VolumesFrom: null,
    ConsoleSize: [0, 0],
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: '',
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    GroupAdd: null,
    IpcMode: '',
    Cgroup: '',
    Links: null,
    OomScoreAdj: 0,
    PidMode: '',
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: null,
    UTSMode: '',
    UsernsMode: '',
    ShmSize: 0,
    Isolation: '',
    CpuShares: 0,
    Memory: 0,
    NanoCpus: 0,
    CgroupParent: '',
    BlkioWeight: 0,
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: [],
    CpuPeriod: 0,
    CpusetCpus: '',
    Devices: [],
    DeviceCgroupRules: null,
    DeviceRequests: null,
    MemoryReservation: 0,
    MemorySwap: 0,
    MemorySwappiness: -1,
    OomKillDisable: false,
    PidsLimit: 0,
    Ulimits: [],
    CpuCount: 0,
    IOMaximumBandwidth: 0,
    MaskedPaths: null,
    ReadonlyPaths: null,
  },
  NetworkingConfig: {
    EndpointsConfig: {
      default: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        MacAddress: '',
        GwPriority: 0,
        DNSNames: null,
      },
    },
  },
} as unknown as ContainerCreateRequest;

test('what the docker CLI sends for nothing is nothing', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('true', dockerDefaults);
  const { HostConfig: host, Config: config, Name: name } = await fixture.service.inspect(id, { size: false });
  assert.equal(host?.NetworkMode, 'bridge');
  assert.deepEqual(host?.RestartPolicy, { Name: 'no', MaximumRetryCount: 0 });
  assert.equal(host?.ShmSize, 64 * 1024 * 1024);
  assert.equal(host?.LogConfig?.Type, 'json-file');
  assert.equal(config?.Hostname, id.slice(0, 12));
  assert.match(name ?? '', /^\/[a-z]+_[a-z]+$/);
});

test('a disabled network is none, and triggers are kept for images to come', async () => {
  await using fixture = await ContainerFixture.open();
  const request = { ...dockerDefaults, NetworkDisabled: true, OnBuild: ['RUN make'] };
  const id = await fixture.create('true', request);
  const { HostConfig: host, Config: config } = await fixture.service.inspect(id, { size: false });
  assert.equal(host?.NetworkMode, 'none');
  assert.deepEqual([config?.NetworkDisabled, config?.OnBuild], [true, ['RUN make']]);
});

const refused: [string, ContainerCreateRequest, RegExp][] = [
  ['an option of another system', { HostConfig: { CpuCount: 2 } }, /HostConfig\.CpuCount/],
  [
    'a device by a relative path',
    { HostConfig: { Devices: [{ PathOnHost: 'kvm' }] } },
    /^invalid device path: kvm$/,
  ],
  [
    'a device mode that is none',
    { HostConfig: { Devices: [{ PathOnHost: '/dev/kvm', CgroupPermissions: 'x' }] } },
    /^invalid device mode: x$/,
  ],
  [
    'a device rule that is none',
    { HostConfig: { DeviceCgroupRules: ['x 1:3 rwm'] } },
    /^invalid device cgroup rule format: 'x 1:3 rwm'$/,
  ],
  [
    'a setting that is the host’s',
    { HostConfig: { Sysctls: { 'kernel.pid_max': '1' } } },
    /not in a separate kernel namespace/,
  ],
  [
    'a setting of a namespace that is the host’s',
    { HostConfig: { IpcMode: 'host', Sysctls: { 'kernel.shmmax': '1' } } },
    /^sysctl "kernel\.shmmax" is not allowed in the hosts ipc namespace$/,
  ],
  ['a setting by a path', { HostConfig: { Sysctls: { 'net/../kernel/pid_max': '1' } } }, /is not a setting$/],
  [
    'a security option that is none',
    { HostConfig: { SecurityOpt: ['foo=bar'] } },
    /^invalid --security-opt 2: "foo=bar"$/,
  ],
  [
    'a security option without value',
    { HostConfig: { SecurityOpt: ['foo'] } },
    /^invalid --security-opt 1: "foo"$/,
  ],
  [
    'a profile that the host has no module for',
    { HostConfig: { SecurityOpt: ['apparmor=mine'] } },
    /apparmor=mine: AppArmor is not enabled on this host$/,
  ],
  [
    'a label that the host has no module for',
    { HostConfig: { SecurityOpt: ['label=type:mine'] } },
    /SELinux is not enabled on this host$/,
  ],
  [
    'a static address on the default bridge',
    { NetworkingConfig: { EndpointsConfig: { bridge: { IPAMConfig: { IPv4Address: '1.2.3.4' } } } } },
    /^invalid config for network bridge: invalid endpoint settings:\nuser specified IP address is supported on user defined networks only$/,
  ],
  ['an unknown field', { HostConfig: { Sorcery: true } as HostConfig }, /unknown option HostConfig\.Sorcery/],
  ['an unknown field beside Config', { Magic: 1 } as ContainerCreateRequest, /unknown option Config\.Magic/],
  ['another log driver', { HostConfig: { LogConfig: { Type: 'awslogs' } } }, /LogConfig\.Type \(awslogs\)/],
  [
    'an unknown log driver',
    { HostConfig: { LogConfig: { Type: 'x' as 'none' } } },
    /error looking up logging plugin x: plugin "x" not found/,
  ],
  [
    'an unknown log option',
    { HostConfig: { LogConfig: { Config: { speed: '1' } } } },
    /unknown log opt 'speed' for json-file log driver/,
  ],
  [
    'a name of its own on another container’s network',
    { Hostname: 'x', HostConfig: { NetworkMode: 'container:x' } },
    /^conflicting options: hostname and the network mode$/,
  ],
  ['an IPC mode that is none', { HostConfig: { IpcMode: 'wild' } }, /^invalid IPC mode: wild$/],
  ['a PID mode that is none', { HostConfig: { PidMode: 'wild' } }, /^invalid PID mode: wild$/],
  ['a UTS mode that is none', { HostConfig: { UTSMode: 'wild' } }, /^invalid UTS mode: wild$/],
  [
    'a profile that is none',
    { HostConfig: { SecurityOpt: ['seccomp={}'] } },
    /^Decoding seccomp profile failed/,
  ],
  [
    'a runtime that is not there',
    { HostConfig: { Runtime: 'kata' } },
    /^unknown or invalid runtime name: kata$/,
  ],
  ['--init without a binary for it', { HostConfig: { Init: true } }, /^--init needs an init program/],
  [
    'a memory limit that is too small',
    { HostConfig: { Memory: 1024 } },
    /^Minimum memory limit allowed is 6MB$/,
  ],
  ['swap without memory', { HostConfig: { MemorySwap: 1e9 } }, /always set the Memory limit/],
  [
    'less swap than memory',
    { HostConfig: { Memory: 1e9, MemorySwap: 1e8 } },
    /should be larger than memory limit/,
  ],
  ['more processors than there are', { HostConfig: { NanoCpus: 1e15 } }, /^range of CPUs is from 0\.01 to/],
  [
    'an unknown capability',
    { HostConfig: { CapAdd: ['FLY'] } },
    /^invalid CapAdd: unknown capability: "CAP_FLY"$/,
  ],
  [
    'an unknown limit',
    { HostConfig: { Ulimits: [{ Name: 'wings', Soft: 1, Hard: 1 }] } },
    /^invalid ulimit type: wings$/,
  ],
  [
    'a soft limit above the hard one',
    { HostConfig: { Ulimits: [{ Name: 'nofile', Soft: 2, Hard: 1 }] } },
    /soft limit must be less/,
  ],
  ['a bind without target', { HostConfig: { Binds: ['/a:'] } }, /^invalid volume specification: '\/a:'$/],
  ['a bind to the root', { HostConfig: { Binds: ['/a:/'] } }, /destination can't be '\/'/],
  ['a relative bind target', { HostConfig: { Binds: ['/a:b'] } }, /mount path must be absolute/],
  ['a bind with an unknown mode', { HostConfig: { Binds: ['/a:/b:fast'] } }, /^invalid mode: fast$/],
  [
    'a volume name that no volume has',
    { HostConfig: { Binds: ['a b:/b'] } },
    /includes invalid characters for a local volume name/,
  ],
  [
    'two mounts at one place',
    { HostConfig: { Binds: ['/a:/b', 'vol:/b/'] } },
    /^Duplicate mount point: \/b$/,
  ],
  [
    'a bind mount of nothing',
    { HostConfig: { Mounts: [{ Type: 'bind', Source: '/nowhere/x', Target: '/x' }] } },
    /bind source path does not exist: \/nowhere\/x$/,
  ],
  [
    'an option that tmpfs has not',
    { HostConfig: { Tmpfs: { '/t': 'huge=always,exec' } } },
    /^invalid tmpfs option "huge=always"$/,
  ],
  [
    'a relative working directory',
    { WorkingDir: 'tmp' },
    /^the working directory 'tmp' is invalid, it needs to be an absolute path$/,
  ],
  ['an unknown signal', { StopSignal: 'SIGNAL' }, /^invalid signal: SIGNAL$/],
  ['a nameless variable', { Env: ['=x'] }, /^invalid environment variable: =x$/],
  [
    'a port that is none',
    { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '99999' }] } } },
    /^invalid port specification: "99999"$/,
  ],
  ['a protocol that is none', { HostConfig: { PortBindings: { '80/icmp': [] } } }, /^invalid proto: icmp$/],
  [
    'a host address that is none',
    { HostConfig: { PortBindings: { '80/tcp': [{ HostIp: 'home' }] } } },
    /^invalid IP address: home$/,
  ],
  [
    'an unknown restart policy',
    { HostConfig: { RestartPolicy: { Name: 'never' as 'no' } } },
    /^invalid restart policy: unknown policy 'never'/,
  ],
  [
    'a count without on-failure',
    { HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 2 } } },
    /can only be used with 'on-failure'/,
  ],
  [
    '--rm with a restart policy',
    { HostConfig: { AutoRemove: true, RestartPolicy: { Name: 'always' } } },
    /^can't create 'AutoRemove' container with restart policy$/,
  ],
  [
    'a host entry without address',
    { HostConfig: { ExtraHosts: ['box'] } },
    /^bad format for add-host: "box"$/,
  ],
  [
    'a DNS server that is none',
    { HostConfig: { Dns: ['dns.example'] } },
    /^invalid IP address: dns\.example$/,
  ],
];

for (const [what, request, message] of refused) {
  test(`create refuses ${what} and leaves nothing`, async () => {
    await using fixture = await ContainerFixture.open();
    await assert.rejects(fixture.create('true', request, 'taken'), (error: unknown) => {
      assert.ok(error instanceof EngineError, String(error));
      assert.match(error.message, message);
      assert.notEqual(error.kind, 'internal');
      return true;
    });
    assert.deepEqual(await fixture.snapshots.list(), []);
    assert.deepEqual(await fixture.service.list({ all: true, size: false, filters: new Map() }), []);
    await fixture.create('true', {}, 'taken');
  });
}

test('names are unique, checked, and free again after a removal', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('true', {}, '/web');
  await assert.rejects(fixture.create('true', {}, 'web'), {
    kind: 'conflict',
    message: `Conflict. The container name "/web" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
  });
  await assert.rejects(fixture.create('true', {}, '-x'), {
    message: 'Invalid container name (-x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
  });
  await fixture.service.remove('web', { force: false, volumes: false });
  await fixture.create('true', {}, 'web');
});

test('of many creates with one name one succeeds', async () => {
  await using fixture = await ContainerFixture.open();
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, () => fixture.create('true', {}, 'one')),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal((await fixture.snapshots.list()).length, 1);
});

test('a missing image is told with Docker’s words', async () => {
  await using fixture = await ContainerFixture.open();
  await assert.rejects(fixture.service.create({ Image: 'nope', Cmd: ['true'] }, {}), {
    kind: 'not-found',
    message: 'No such image: nope:latest',
  });
});

test('the image’s defaults fill what the request leaves open', async () => {
  await using fixture = await ContainerFixture.open();
  Object.assign(fixture.imageConfig, {
    Env: ['PATH=/bin', 'LANG=C'],
    Entrypoint: ['/entry'],
    Cmd: ['default'],
    WorkingDir: '/srv',
    User: '33',
    Labels: { a: 'image', b: 'image' },
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/data': {} },
    StopSignal: 'SIGQUIT',
  });
  const { Id: id } = await fixture.service.create(
    { Image: 'busybox', Env: ['LANG=de'], Labels: { b: 'own' }, HostConfig: { PublishAllPorts: true } },
    {},
  );
  const {
    Config: config,
    Path: path,
    Args: args,
    Mounts: mounts,
  } = await fixture.service.inspect(id, { size: false });
  assert.deepEqual(config?.Env, ['LANG=de', 'PATH=/bin']);
  assert.deepEqual([path, args], ['/entry', ['default']]);
  assert.deepEqual([config?.WorkingDir, config?.User, config?.StopSignal], ['/srv', '33', 'SIGQUIT']);
  assert.deepEqual(config?.Labels, { a: 'image', b: 'own' });
  assert.equal(mounts?.[0]?.Destination, '/data');
  await fixture.service.start(id);
  const [listed] = await fixture.service.list({ all: false, size: false, filters: new Map() });
  assert.equal(listed?.Ports?.[0]?.PrivatePort, 80);
  assert.ok((listed?.Ports?.[0]?.PublicPort ?? 0) > 0);
});

test('an entrypoint of the request’s own takes the image’s command away, and an empty one takes both', async () => {
  await using fixture = await ContainerFixture.open();
  Object.assign(fixture.imageConfig, { Entrypoint: ['/entry'], Cmd: ['default'] });
  const make = async (request: ContainerCreateRequest): Promise<string[]> => {
    const { Id: id } = await fixture.service.create({ Image: 'busybox', ...request }, {});
    const { Path: path = '', Args: args = [] } = await fixture.service.inspect(id, { size: false });
    return [path, ...args];
  };
  assert.deepEqual(await make({ Entrypoint: ['/own'] }), ['/own']);
  assert.deepEqual(await make({ Cmd: ['x'] }), ['/entry', 'x']);
  assert.deepEqual(await make({ Entrypoint: [''], Cmd: ['x'] }), ['x']);
  await assert.rejects(make({ Entrypoint: [''] }), { message: 'no command specified' });
});

test('volumes of a create that fails are removed, those of a container are held', async () => {
  await using fixture = await ContainerFixture.open();
  const request = { HostConfig: { Binds: ['data:/data', '/anonymous'] } };
  const id = await fixture.create('true', request);
  assert.deepEqual(fixture.volumes.get('data')?.usedBy, [id]);
  assert.equal(fixture.volumes.list().length, 2);
  await fixture.service.remove(id, { force: false, volumes: true });
  assert.deepEqual(
    fixture.volumes.list().map(({ name, usedBy }) => [name, usedBy]),
    [['data', []]],
  );
});
