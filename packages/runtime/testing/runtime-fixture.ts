import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { detectCgroups, removeCgroup } from '@gantry/kernel';
import {
  buildSpec,
  type ContainerProcess,
  type ContainerRuntime,
  type OutputPosition,
  openRuntime,
  ownNamespaces,
  readSpecHost,
  type SpecOptions,
  type StartRequest,
} from '@gantry/runtime';
import { LeakCheck, makeRootfs, temporaryRoot } from '@gantry/testkit';

/** A runtime in a private root, containers of busybox, and a leak check when it is disposed. */
export interface RuntimeFixture extends AsyncDisposable {
  /** The runtime of this "engine"; `restart` replaces it. */
  readonly runtime: ContainerRuntime;
  readonly execRoot: string;
  readonly rootfs: string;
  readonly cgroupParent: string;
  /** Lets go of everything, as an engine that stops, and opens the next one. */
  restart(): void;
  /** Starts `args` in a container of its own. */
  start(args: readonly string[], options?: FixtureStart): Promise<ContainerProcess>;
  /** A start request, ready for `runtime.start`. */
  request(containerId: string, args: readonly string[], options?: FixtureStart): StartRequest;
}

export interface FixtureStart {
  containerId?: string;
  stdin?: boolean;
  terminal?: { rows: number; columns: number };
  spec?: Partial<SpecOptions>;
  signal?: AbortSignal;
}

/** Output of a process as text, and where it ended. */
export interface Collected {
  stdout: string;
  stderr: string;
  position: OutputPosition;
}

export async function runtimeFixture(label: string, name?: string): Promise<RuntimeFixture> {
  const root = await temporaryRoot(label);
  const cgroupParent = `/gantry-${label}-${process.pid}`;
  const rootfs = path.join(root.path, 'rootfs');
  await makeRootfs(rootfs);
  const execRoot = path.join(root.path, 'exec');
  mkdirSync(execRoot);
  const leaks = await LeakCheck.begin({
    tag: root.path,
    cgroupPrefix: cgroupParent.slice(1),
    directories: [path.join(execRoot, 'containers')],
    // libuv keeps its one inotify instance.
    allow: (_, line) => line.endsWith('anon_inode:inotify'),
  });
  const open = (): ContainerRuntime & Disposable => openRuntime({ execRoot, ...(name ? { name } : {}) });
  let runtime = open();
  let count = 0;
  const request = (
    containerId: string,
    args: readonly string[],
    options: FixtureStart = {},
  ): StartRequest => ({
    containerId,
    spec: buildSpec(
      { ...plainOptions(containerId, rootfs, cgroupParent), args, ...options.spec },
      specHost(),
    ),
    stdin: options.stdin ?? false,
    ...(options.terminal ? { terminal: options.terminal } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return {
    execRoot,
    rootfs,
    cgroupParent,
    get runtime() {
      return runtime;
    },
    restart: () => {
      runtime[Symbol.dispose]();
      runtime = open();
    },
    request,
    start: (args, options = {}) => {
      count += 1;
      return runtime.start(request(options.containerId ?? `c${count}`, args, options));
    },
    [Symbol.asyncDispose]: async () => {
      for (const id of runtime.list()) await runtime.remove(id);
      runtime[Symbol.dispose]();
      removeCgroup(detectCgroups(), cgroupParent);
      await leaks.check();
      await root[Symbol.asyncDispose]();
    },
  };
}

/** Reads to the end and releases as it goes. */
export async function collect(
  process: ContainerProcess,
  from: OutputPosition = { stdout: 0, stderr: 0 },
): Promise<Collected> {
  const text = { stdout: '', stderr: '' };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let position = from;
  for await (const chunk of process.output.read(from)) {
    text[chunk.stream] += decoders[chunk.stream].decode(chunk.data, { stream: true });
    position = chunk.position;
    process.output.release(position);
  }
  return { ...text, position };
}

/** Waits for something of which nobody tells: looks every millisecond. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(1);
}

/** Proportional set size of a process, in kB. */
export function pssKilobytes(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
}

function specHost(): ReturnType<typeof readSpecHost> {
  return readSpecHost({ cgroupVersion: detectCgroups().version });
}

function plainOptions(containerId: string, rootfs: string, cgroupParent: string): SpecOptions {
  return {
    containerId,
    rootfs,
    readOnlyRootfs: false,
    args: ['true'],
    env: ['PATH=/bin'],
    workingDirectory: '/',
    user: { uid: 0, gid: 0, additionalGids: [] },
    hostname: containerId,
    domainname: '',
    capabilities: ['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID', 'CAP_SYS_CHROOT'],
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
}
