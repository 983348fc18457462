import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { callGantry } from '../../../testing/call-program.ts';
import { FakeEngine } from '../../../testing/fake-engine.ts';
import { runDocker } from '../../../testing/run-program.ts';

/** Fields whose absence means the same as docker's explicit default. */
function meaningful(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(meaningful);
  if (typeof value !== 'object' || value === null) {
    return value === '' || value === 0 || value === false || value === null ? undefined : value;
  }
  const entries = Object.entries(value)
    .map(
      ([key, item]) => [key, key === 'ExposedPorts' || key === 'Volumes' ? item : meaningful(item)] as const,
    )
    .filter(
      ([, item]) =>
        item !== undefined && !(typeof item === 'object' && item !== null && Object.keys(item).length === 0),
    );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function byText(left: string, right: string): number {
  return left < right ? -1 : 1;
}

function normalised(body: unknown): unknown {
  const { HostConfig, NetworkingConfig, Env, ...config } = body as {
    Env?: string[];
    HostConfig: Record<string, unknown>;
    NetworkingConfig?: unknown;
  };
  const { NetworkMode, MemorySwappiness, RestartPolicy, ConsoleSize, Ulimits, Binds, ...host } = HostConfig;
  assert.deepEqual(ConsoleSize ?? [0, 0], [0, 0]);
  return meaningful({
    ...config,
    // docker's order is that of a map, and so is that of its ulimits and binds
    Env: [...new Set(Env)].toSorted(byText),
    HostConfig: {
      ...host,
      Binds: ((Binds ?? []) as string[]).toSorted(byText),
      Ulimits: ((Ulimits ?? []) as { Name: string }[]).toSorted((left, right) =>
        byText(left.Name, right.Name),
      ),
      NetworkMode: NetworkMode === 'default' ? undefined : NetworkMode,
      MemorySwappiness: MemorySwappiness === -1 ? undefined : MemorySwappiness,
      RestartPolicy:
        (RestartPolicy as { Name?: string } | undefined)?.Name === 'no' ? undefined : RestartPolicy,
    },
    NetworkingConfig,
  });
}

const directory = mkdtempSync(path.join(tmpdir(), 'gantry-run-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const environmentFile = path.join(directory, 'env');
writeFileSync(environmentFile, '\ufeff# comment\nA=1\n\n  B=two words \nPATH_NOT_SET\nHOME\n');
const labelFile = path.join(directory, 'labels');
writeFileSync(labelFile, 'x=1\ny\n');

const commandLines: string[][] = [
  ['-itp80:80', 'img'],
  ['-p', '8080:80', '-p', '127.0.0.1::53/udp', '-p', '[::1]:90:90', '-p', '7000-7002:8000-8002', 'img'],
  ['-p', '7000-7009:80', '-p', '80', '--expose', '5000-5001', '--expose', '9/udp', '-P', 'img'],
  ['-p', 'target=80,published=8080,protocol=udp', 'img'],
  ['-e', 'A=1', '-e', 'HOME', '-e', 'NOT_SET', '--env-file', environmentFile, 'img'],
  ['-l', 'a=b', '-l', 'c', '--label-file', labelFile, 'img'],
  [
    '-v',
    '/a:/b',
    '-v',
    'vol:/c:ro',
    '-v',
    '/anonymous',
    '-v',
    './here:/d',
    '--tmpfs',
    '/t:size=1m',
    '--tmpfs',
    '/u',
    'img',
  ],
  ['--mount', 'type=bind,source=/a,target=/b,readonly,bind-propagation=rslave', 'img'],
  [
    '--mount',
    'type=volume,src=v,dst=/v,volume-nocopy,volume-label=a=b,volume-driver=d,volume-opt=o=p',
    'img',
  ],
  ['--mount', 'type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1770', 'img'],
  [
    '-m',
    '512m',
    '--memory-swap',
    '-1',
    '--memory-reservation',
    '1.5g',
    '--cpus',
    '1.5',
    '--pids-limit',
    '10',
    'img',
  ],
  [
    '-c',
    '512',
    '--cpuset-cpus',
    '0-1',
    '--cpu-quota',
    '5',
    '--cpu-period',
    '10',
    '--blkio-weight',
    '300',
    'img',
  ],
  ['--ulimit', 'nofile=10:20', '--ulimit', 'core=-1', '--shm-size', '1gb', '--oom-score-adj', '5', 'img'],
  [
    '--device',
    '/dev/null',
    '--device',
    '/dev/zero:/dev/x:r',
    '--device-read-bps',
    '/dev/sda:1mb',
    '--gpus',
    'all',
    'img',
  ],
  ['--cap-add', 'NET_ADMIN', '--cap-drop=ALL', '--security-opt', 'no-new-privileges', '--privileged', 'img'],
  [
    '--network',
    'net1',
    '--network-alias',
    'x',
    '--ip',
    '10.0.0.5',
    '--mac-address',
    '92:d0:c6:0a:29:33',
    'img',
  ],
  ['--network', 'name=net1,alias=a,ip=10.0.0.9', '--network', 'net2', 'img'],
  ['--network', 'name=N1,alias=A,alias=b,ip6=FD00::9,mac-address=02:42:AC:11:00:02,gw-priority=-5', 'img'],
  ['--network', 'name=n1,driver-opt=a.b=C,link-local-ip=169.254.2.2', '--network=n2', '--link', 'a:b', 'img'],
  [
    '--network',
    'n1',
    '--net',
    'name=n2,alias=x',
    '--net-alias',
    'y',
    '--link-local-ip',
    '169.254.2.2',
    'img',
  ],
  ['--network', 'bridge', '--mac-address', '0242.ac11.0002', '--ip6', 'fd00::9', '--link', 'a:b', 'img'],
  ['--network', 'net1', 'img'],
  [
    '--net',
    'host',
    '--pid',
    'host',
    '--ipc',
    'host',
    '--uts',
    'host',
    '--userns=host',
    '--cgroupns',
    'private',
    'img',
  ],
  [
    '--dns',
    '1.1.1.1',
    '--dns-opt',
    'ndots:1',
    '--dns-search',
    'x.y',
    '--add-host',
    'a:1.2.3.4',
    '--link',
    'a:b',
    'img',
  ],
  [
    '--entrypoint',
    'sh',
    '-w',
    '/w',
    '-u',
    '1:2',
    '-h',
    'host',
    '--domainname',
    'd',
    'img',
    'a',
    '--flag',
    '-x',
  ],
  ['--health-cmd', 'true', '--health-interval', '1m30s', '--health-retries', '3', 'img'],
  [
    '--no-healthcheck',
    '--restart',
    'on-failure:3',
    '--stop-signal',
    'INT',
    '--stop-timeout',
    '4',
    '--init',
    'img',
  ],
  [
    '--read-only',
    '--log-driver',
    'json-file',
    '--log-opt',
    'max-size=1m',
    '--sysctl',
    'net.core.somaxconn=1',
    '--annotation',
    'k=v',
    'img',
  ],
  [
    '--group-add',
    'a',
    '--volumes-from',
    'c',
    '--runtime',
    'crun',
    '--storage-opt',
    'size=1g',
    '--cgroup-parent',
    '/x',
    'img',
  ],
  ['-a', 'stdin', '-a', 'STDOUT', '-i', 'img'],
  ['--add-host', 'a=1.2.3.4', '--add-host', 'b:host-gateway', 'img'],
  ['--memory-swap', '-1', '-m', '64m', 'img'],
  ['--', 'img', 'x'],
];

for (const args of commandLines) {
  test(`sends what docker sends for: create ${args.join(' ').replaceAll(directory, 'DIR')}`, async () => {
    await using forDocker = await FakeEngine.start();
    await using forGantry = await FakeEngine.start();
    const words = ['create', '--name', 'n', ...args];
    const reply = { status: 201, json: { Id: 'f'.repeat(64), Warnings: [] } };
    for (const engine of [forDocker, forGantry]) engine.on('POST', '/containers/create', reply);
    const [docker, gantry] = await Promise.all([runDocker(words, forDocker), callGantry(words, forGantry)]);
    assert.deepEqual(gantry, docker);
    assert.deepEqual(sentTo(forGantry), sentTo(forDocker));
  });
}

function sentTo(engine: FakeEngine): unknown {
  const [request] = engine.to('/containers/create');
  return [request?.query.get('name'), normalised(JSON.parse(request?.body ?? '{}'))];
}
