import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { detectCgroups } from '@gantry/kernel';
import { buildSpec, ownNamespaces, readSpecHost } from '@gantry/runtime';
import { makeRootfs, temporaryRoot } from '@gantry/testkit';
import { run } from '../support/processes.ts';
import { ApiSocket, execOnce, runOnce } from './support/api.ts';
import { type BenchRow, cost, inBlocks, inTurns, speedup } from './support/bench-row.ts';
import { type MeasuredEngine, startDockerd, startGantry } from './support/engines.ts';

const body = { Image: 'mirror/busybox', Cmd: ['/bin/true'] };
const rounds = 40;
const blocks = { blocks: 3, blockRounds: 5 };
const dockerCapabilities = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
].map((name) => `CAP_${name}`);
const unit = 'ms';
const lifeOfTrue = 'create+start+wait+remove of /bin/true';

/** Starting, exec and the CLI against the bare OCI runtime, bare Node.js and dockerd. */
export async function bench(): Promise<BenchRow[]> {
  await using root = await temporaryRoot('bench');
  await using gantry = await startGantry();
  await using dockerd = await startDockerd();
  const bundle = await makeBundle(root.path);
  return [
    ...(await startRows(gantry, dockerd, bundle)),
    ...(await execRows(gantry, dockerd, bundle)),
    ...(await programRows(gantry, dockerd)),
  ];
}

async function startRows(
  gantry: MeasuredEngine,
  dockerd: MeasuredEngine | undefined,
  bundle: string,
): Promise<BenchRow[]> {
  using api = new ApiSocket(gantry.socketPath);
  let serial = 0;
  const floor = async (): Promise<void> => {
    serial += 1;
    await expectZero('crun', ['run', '--bundle', bundle, `bench${process.pid}x${serial}`]);
  };
  const [ours = 0, bare = 0] = await inTurns(rounds, [async () => void (await runOnce(api, body)), floor]);
  const rows: BenchRow[] = [cost({ name: lifeOfTrue, unit, ours, other: bare, against: 'bare crun run' }, 2)];
  if (dockerd !== undefined) {
    using peer = new ApiSocket(dockerd.socketPath);
    const [again = 0, theirs = 0] = await inBlocks(blocks, [
      async () => void (await runOnce(api, body)),
      async () => void (await runOnce(peer, body)),
    ]);
    rows.push(speedup({ name: lifeOfTrue, unit, ours: again, other: theirs, against: dockerd.name }, 10));
  }
  return rows;
}

async function execRows(
  gantry: MeasuredEngine,
  dockerd: MeasuredEngine | undefined,
  bundle: string,
): Promise<BenchRow[]> {
  using api = new ApiSocket(gantry.socketPath);
  const id = await startSleeper(api);
  const bareId = `benchexec${process.pid}`;
  const sleeper = path.join(path.dirname(bundle), 'sleeper');
  await expectZero('crun', ['run', '--detach', '--bundle', sleeper, bareId]);
  try {
    const [ours = 0, bare = 0] = await inTurns(rounds, [
      () => execOnce(api, id, ['/bin/true']),
      () => expectZero('crun', ['exec', bareId, '/bin/true']),
    ]);
    const rows = [cost({ name: 'exec of /bin/true', unit, ours, other: bare, against: 'bare crun exec' }, 2)];
    if (dockerd !== undefined) {
      using peer = new ApiSocket(dockerd.socketPath);
      const peerId = await startSleeper(peer);
      const [again = 0, theirs = 0] = await inBlocks(blocks, [
        () => execOnce(api, id, ['/bin/true']),
        () => execOnce(peer, peerId, ['/bin/true']),
      ]);
      rows.push(
        speedup({ name: 'exec of /bin/true', unit, ours: again, other: theirs, against: dockerd.name }),
      );
      await peer.call('DELETE', `/v1.41/containers/${peerId}?force=1`);
    }
    return rows;
  } finally {
    await run('crun', ['delete', '--force', bareId]);
    await api.call('DELETE', `/v1.41/containers/${id}?force=1`);
  }
}

async function programRows(gantry: MeasuredEngine, dockerd: MeasuredEngine | undefined): Promise<BenchRow[]> {
  const call = (engine: MeasuredEngine, ...args: string[]): Promise<void> =>
    expectZero(engine.cli[0], [...engine.cli.slice(1), ...args]);
  const [ps = 0, node = 0] = await inTurns(rounds, [
    () => call(gantry, 'ps'),
    () => expectZero(process.execPath, ['-e', '0']),
  ]);
  const rows = [cost({ name: 'gantry ps', unit, ours: ps, other: node, against: 'bare node -e 0' }, 1.3)];
  if (dockerd === undefined) return rows;
  const [ours = 0, theirs = 0] = await inBlocks(blocks, [
    () => call(gantry, 'run', '--rm', 'mirror/busybox', '/bin/true'),
    () => call(dockerd, 'run', '--rm', 'mirror/busybox', '/bin/true'),
  ]);
  return [
    ...rows,
    speedup({ name: 'run --rm, the whole program', unit, ours, other: theirs, against: dockerd.name }, 5),
  ];
}

async function startSleeper(api: ApiSocket): Promise<string> {
  const { Id: id } = await api.call<{ Id: string }>('POST', '/v1.41/containers/create', {
    Image: 'mirror/busybox',
    Cmd: ['sleep', '1000'],
  });
  await api.call('POST', `/v1.41/containers/${id}/start`);
  return id;
}

/** Two bundles that differ from ours in nothing but who makes them: `true` and `sleeper`. Returns the first. */
async function makeBundle(root: string): Promise<string> {
  const rootfs = path.join(root, 'rootfs');
  await makeRootfs(rootfs);
  for (const [name, args] of [
    ['true', ['/bin/true']],
    ['sleeper', ['/bin/sleep', '1000']],
  ] as const) {
    mkdirSync(path.join(root, name));
    const spec = buildSpec(
      {
        containerId: `bench-${name}`,
        rootfs,
        readOnlyRootfs: false,
        args,
        env: ['PATH=/bin'],
        workingDirectory: '/',
        user: { uid: 0, gid: 0, additionalGids: [] },
        hostname: 'bench',
        domainname: '',
        capabilities: dockerCapabilities,
        privileged: false,
        noNewPrivileges: false,
        namespaces: ownNamespaces,
        mounts: [],
        sharedMemory: { sizeBytes: 64 * 1024 * 1024 },
        resources: {},
        oomScoreAdjustment: 0,
        rlimits: [],
        cgroupParent: '/gantry-bench',
      },
      readSpecHost({ cgroupVersion: detectCgroups().version }),
    );
    writeFileSync(path.join(root, name, 'config.json'), JSON.stringify(spec));
  }
  return path.join(root, 'true');
}

/** Without pipes: a detached container would hold them, and they would be part of what is measured. */
async function expectZero(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: 'ignore' });
  const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(30_000) })) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
}
