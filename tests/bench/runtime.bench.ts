import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  detectCgroups,
  ProcessHandle,
  ReadinessPoller,
  reapChild,
  removeCgroup,
  spawnProcess,
} from '@gantry/kernel';
import {
  buildSpec,
  type ContainerRuntime,
  openRuntime,
  ownNamespaces,
  readSpecHost,
  type StartRequest,
} from '@gantry/runtime';
import { makeRootfs, temporaryRoot } from '@gantry/testkit';
import { type BenchRow, cost, inTurns, rate } from './support/bench-row.ts';

const rounds = 40;
const sleepers = 50;
const cgroupParent = `/gantry-bench-${process.pid}`;

/** The runtime package alone, without images and networks, against the bare OCI runtime. */
export async function bench(): Promise<BenchRow[]> {
  await using root = await temporaryRoot('bench-runtime');
  const rootfs = path.join(root.path, 'rootfs');
  await makeRootfs(rootfs);
  // On a tmpfs, as /run is on most machines.
  const execRoot = mkdtempSync('/dev/shm/gantry-bench-');
  using cleaning = new DisposableStack();
  cleaning.defer(() => rmSync(execRoot, { recursive: true, force: true }));
  cleaning.defer(() => removeCgroup(detectCgroups(), cgroupParent));
  const runtime = cleaning.use(openRuntime({ execRoot, name: 'crun' }));
  const setting: Setting = { runtime, rootfs, folder: root.path, execRoot };
  // The first start has the seccomp profile compiled for all that follow.
  await lifeOf(setting, ['true'], 'warm');
  return [
    await lifeRow(setting),
    await execRow(setting),
    await memoryRow(setting),
    await bulkRow(setting),
    await linesRow(setting),
  ];
}

interface Setting {
  runtime: ContainerRuntime;
  rootfs: string;
  folder: string;
  execRoot: string;
}

async function lifeRow(setting: Setting): Promise<BenchRow> {
  using poller = new ReadinessPoller();
  let serial = 0;
  const bundle = path.join(setting.folder, 'bundle');
  mkdirSync(bundle);
  const { spec } = request(setting, 'bare', ['true']);
  // As fast as ours: the profile would be compiled at each bare start, which is not what is measured here.
  writeFileSync(
    path.join(bundle, 'config.json'),
    JSON.stringify({ ...spec, linux: { ...spec.linux, seccomp: undefined } }),
  );
  const [ours = 0, other = 0] = await inTurns(rounds, [
    () => lifeOf(setting, ['true'], `true-${(serial += 1)}`),
    () => crun(poller, 'run', '--bundle', bundle, `bench${process.pid}x${(serial += 1)}`),
  ]);
  const name = 'start, end and removal of /bin/true';
  return cost({ name, unit: 'ms', ours, other, against: 'bare crun run without seccomp' }, 1.3);
}

async function execRow(setting: Setting): Promise<BenchRow> {
  using poller = new ReadinessPoller();
  const { runtime } = setting;
  const { spec } = request(setting, 'box', ['sleep', '1000']);
  await runtime.start(request(setting, 'box', ['sleep', '1000']));
  let serial = 0;
  const file = path.join(setting.folder, 'process.json');
  writeFileSync(file, JSON.stringify({ ...spec.process, args: ['true'] }));
  const ociProcess = { ...spec.process, args: ['true'] };
  const state = path.join(setting.execRoot, 'crun');
  const [ours = 0, other = 0] = await inTurns(rounds, [
    async () => {
      serial += 1;
      const exec = await runtime.exec({
        containerId: 'box',
        execId: `x${serial}`,
        process: ociProcess,
        stdin: false,
      });
      await exec.exited;
    },
    () => crun(poller, '--root', state, 'exec', '--process', file, 'box'),
  ]);
  await runtime.remove('box');
  return cost({ name: 'exec of /bin/true', unit: 'ms', ours, other, against: 'bare crun exec' }, 2);
}

async function memoryRow(setting: Setting): Promise<BenchRow> {
  const names = Array.from({ length: sleepers }, (_, index) => `sleeper-${index}`);
  const containers = path.join(setting.execRoot, 'containers');
  let total = 0;
  for (const name of names) await setting.runtime.start(request(setting, name, ['sleep', '1000']));
  for (const name of names) {
    const shim = Number(readFileSync(path.join(containers, name, 'shim.pid'), 'utf8'));
    const children = readFileSync(`/proc/${shim}/task/${shim}/children`, 'utf8').split(' ').filter(Boolean);
    for (const pid of [shim, ...children.map(Number)]) total += pssMegabytes(pid);
  }
  await Promise.all(names.map((name) => setting.runtime.remove(name)));
  const ours = total / sleepers;
  return cost(
    { name: 'PSS of shim and crun a container', unit: 'MB', ours, other: 1, against: 'the bound' },
    1,
  );
}

async function bulkRow(setting: Setting): Promise<BenchRow> {
  const ours = await throughput(setting, 'dd if=/dev/zero bs=64k count=16384 2>/dev/null');
  const name = 'output in large writes, through the spool to the consumer';
  return rate({ name, unit: 'MB/s', ours, other: 200, against: 'what is wanted' }, 1);
}

/** busybox itself is the limit here: the same pipeline into `cat` tells how much. */
async function linesRow(setting: Setting): Promise<BenchRow> {
  const script = `yes ${'x'.repeat(99)} | head -c 300m`;
  const started = performance.now();
  const child = spawn('busybox', ['sh', '-c', `${script} | cat >/dev/null`], { stdio: 'ignore' });
  await once(child, 'exit');
  const other = (300 * 1.048_576) / ((performance.now() - started) / 1000);
  const ours = await throughput(setting, script);
  return rate({
    name: 'output in lines of 100 bytes',
    unit: 'MB/s',
    ours,
    other,
    against: 'the same into cat',
  });
}

/** MB/s from start to end of a container that runs `script`. */
async function throughput(setting: Setting, script: string): Promise<number> {
  const started = performance.now();
  const container = await setting.runtime.start(request(setting, 'talker', ['sh', '-c', script]));
  let bytes = 0;
  for await (const { data, position } of container.output.read({ stdout: 0, stderr: 0 })) {
    bytes += data.length;
    container.output.release(position);
  }
  const megabytesPerSecond = bytes / 1e6 / ((performance.now() - started) / 1000);
  await setting.runtime.remove('talker');
  return megabytesPerSecond;
}

async function lifeOf(setting: Setting, args: string[], containerId: string): Promise<void> {
  const container = await setting.runtime.start(request(setting, containerId, args));
  for await (const { position } of container.output.read({ stdout: 0, stderr: 0 }))
    container.output.release(position);
  await container.exited;
  await setting.runtime.remove(containerId);
}

/** Spawned as the runtime spawns it: `child_process` would cost more, and flatter us. */
async function crun(poller: ReadinessPoller, ...args: string[]): Promise<void> {
  const nothing = { path: '/dev/null', flags: constants.O_RDWR };
  const env = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'];
  const file = '/usr/bin/crun';
  const pid = await spawnProcess({ file, args, env, descriptors: [nothing, nothing, nothing] });
  using handle = new ProcessHandle(pid);
  await poller.ready(handle.descriptor, 'readable');
  const code = reapChild(pid)?.exitCode;
  if (code !== 0) throw new Error(`crun ${args.join(' ')} ended with ${code}`);
}

function pssMegabytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
}

function request({ rootfs }: Setting, containerId: string, args: string[]): StartRequest {
  const host = readSpecHost({ cgroupVersion: detectCgroups().version });
  const options = {
    containerId,
    rootfs,
    readOnlyRootfs: false,
    args,
    env: ['PATH=/bin'],
    workingDirectory: '/',
    user: { uid: 0, gid: 0, additionalGids: [] },
    hostname: containerId,
    domainname: '',
    capabilities: ['CAP_CHOWN', 'CAP_KILL'],
    privileged: false,
    noNewPrivileges: false,
    namespaces: ownNamespaces,
    mounts: [],
    sharedMemory: { sizeBytes: 65_536 },
    resources: {},
    oomScoreAdjustment: 0,
    rlimits: [],
    cgroupParent,
  };
  return { containerId, spec: buildSpec(options, host), stdin: false };
}
