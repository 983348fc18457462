import { faultPoint } from '@gantry/base';
import { containerCapabilities, findContainerUser, type ResourceLimit, startStubs } from '@gantry/containers';
import type { RunDevice } from '@gantry/dockerfile';
import type { PlainLayer } from '@gantry/images';
import {
  type CgroupLimits,
  createUserNamespace,
  keyBytes,
  mkdirAllIn,
  pathText,
  type UserNamespace,
} from '@gantry/kernel';
import type { Attachment } from '@gantry/network';
import type { Digest } from '@gantry/oci';
import {
  type ContainerEdits,
  DeviceInjectionError,
  ownNamespaces,
  type SpecMount,
  type SpecNamespaces,
  type SpecOptions,
  StartFailedError,
} from '@gantry/runtime';
import type { BuildClient } from '../build-client.ts';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { BuildCommandError, InvalidBuildError } from '../errors.ts';
import { defaultPath } from './default-path.ts';
import { hostOwner } from './host-owner.ts';
import { type LayeredTree, mountLayers } from './layered-tree.ts';
import { type Keep, storeLayer } from './layers.ts';
import { openMounts, type StepMount } from './run-mounts.ts';
import { type StepScript, writeStepFiles } from './step-files.ts';

/** A command to be run in a file system. */
export interface RunStep {
  readonly onto: readonly Digest[];
  readonly command: readonly string[];
  /** `NAME=value`, complete but for HOME and PATH. */
  readonly variables: readonly string[];
  /** Absolute; made when it is missing. */
  readonly workingDirectory: string;
  /** `user[:group]`; root when empty. */
  readonly user: string;
  /** `default`, `none`, `host`, or the name of a network. */
  readonly network: string;
  readonly mounts: readonly StepMount[];
  /** Lends secrets and agents. */
  readonly client: BuildClient | undefined;
  readonly scripts: readonly StepScript[];
  /** `name:address`, or `name:host-gateway`. */
  readonly extraHosts: readonly string[];
  /** With all capabilities and devices, unconfined. */
  readonly isInsecure: boolean;
  /** By specification files of the host (CDI). */
  readonly devices: readonly RunDevice[];
  readonly hostname: string;
  readonly limits: CgroupLimits;
  /** The daemon's when empty. */
  readonly cgroupParent: string;
  readonly ulimits: readonly ResourceLimit[];
  readonly sharedMemoryBytes: number;
}

export interface RunOptions {
  readonly keep: Keep;
  readonly onOutput: (data: Uint8Array) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs a command and makes a layer of what it changed; undefined when it changed nothing. Its mounts are no part of it. Nothing is left
 * of it when it fails or `signal` aborts. Throws `BuildCommandError`, `UnknownUserError`, and what mounting and starting throw.
 */
export async function runStep(
  environment: BuilderEnvironment,
  step: RunStep,
  options: RunOptions,
): Promise<PlainLayer | undefined> {
  const { ports } = environment;
  options.signal.throwIfAborted();
  await using opened = new AsyncDisposableStack();
  const { userMaps } = environment.defaults;
  const users = userMaps && opened.use(await createUserNamespace(userMaps, { network: true }));
  const tree = opened.use(await mountLayers(environment, step.onto, users));
  const stubs = await execute(environment, step, { ...options, tree, ...(users && { users }) });
  faultPoint('build/command-ended');
  return await storeLayer(environment, ports.snapshots.packChanges(tree.id, { stubs }), options);
}

/** Returns the places that mounts have left in the file system. */
async function execute(
  environment: BuilderEnvironment,
  step: RunStep,
  { tree, users, onOutput, signal }: RunOptions & { tree: LayeredTree; users?: UserNamespace },
): Promise<ReadonlySet<string>> {
  const { ports } = environment;
  await using opened = new AsyncDisposableStack();
  const place = {
    containerId: tree.id,
    ...(users?.networkPath !== undefined && { namespace: users.networkPath }),
  };
  const attachment = await attach(environment, step, place, opened);
  const onHostNetwork = step.network === 'host';
  const files = opened.use(
    writeStepFiles(environment, {
      id: tree.id,
      hostname: step.hostname,
      attachment,
      onHostNetwork,
      extraHosts: hostsOf(environment, step),
      scripts: step.scripts,
    }),
  );
  const own = await openMounts(
    environment,
    {
      mounts: step.mounts,
      client: step.client,
      directory: files.directory,
      ...(users && { users }),
      signal,
    },
    opened,
  );
  const mounts = [...files.mounts, ...own.mounts];
  const network = onHostNetwork ? 'host' : attachment && { made: attachment.namespacePath };
  const variables = [...step.variables, ...own.variables];
  const edits = await deviceEdits(environment, step.devices);
  const options = specOptions(
    environment,
    { ...step, variables },
    { tree, mounts, network: network ?? 'new' },
  );
  const spec = { ...options, ...(edits && { edits }), ...(users && { userNamespace: users }) };
  mkdirAllIn(tree.root, step.workingDirectory, { ...hostOwner(users, { uid: 0, gid: 0 }), mode: 0o755 });
  const stubs = new Set([...startStubs, ...mounts.flatMap((mount) => mountStubs(tree, mount))]);
  ports.runtime.expectStart();
  const start = { containerId: tree.id, spec: ports.buildSpec(spec), stdin: false, signal };
  const process = await ports.runtime.start(start).catch((error: unknown) => {
    if (!(error instanceof StartFailedError) || signal.aborted) throw error;
    onOutput(Buffer.from(`${error.message}\n`));
    throw new BuildCommandError(step.command, error.exitCode, { cause: error });
  });
  opened.defer(() => ports.runtime.remove(tree.id));
  const abort = (): void => void ports.runtime.remove(tree.id);
  signal.addEventListener('abort', abort, { once: true });
  opened.defer(() => signal.removeEventListener('abort', abort));
  for await (const { data, position } of process.output.read({ stdout: 0, stderr: 0 })) {
    onOutput(data);
    process.output.release(position);
  }
  const { exitCode } = await process.exited;
  signal.throwIfAborted();
  if (exitCode !== 0) throw new BuildCommandError(step.command, exitCode);
  return stubs;
}

/** A device that nothing describes is left out, unless it is required. */
async function deviceEdits(
  { ports }: BuilderEnvironment,
  devices: readonly RunDevice[],
): Promise<ContainerEdits | undefined> {
  const find = async (names: readonly string[]): Promise<ContainerEdits | undefined> =>
    await ports.findContainerEdits([{ driver: 'cdi', count: 0, deviceIds: names, capabilities: [] }]);
  const found: string[] = [];
  for (const { deviceName, required } of devices) {
    try {
      await find([deviceName]);
      found.push(deviceName);
    } catch (error) {
      if (required || !(error instanceof DeviceInjectionError)) throw error;
    }
  }
  return found.length === 0 ? undefined : await find(found);
}

/** `host-gateway` is the daemon's choice, else the host's addresses on the default bridge. */
function hostsOf({ ports, defaults }: BuilderEnvironment, { extraHosts, network }: RunStep): string[] {
  return extraHosts.flatMap((entry) => {
    const name = entry.slice(0, entry.indexOf(':'));
    if (entry !== `${name}:host-gateway`) return [entry];
    if (network === 'host') return [`${name}:127.0.0.1`];
    const bridge = ports.network.networks().find((candidate) => candidate.name === 'bridge');
    const gateways = (bridge?.ipam.config ?? []).flatMap(({ gateway }) => gateway ?? []);
    const addresses = defaults.hostGatewayAddresses.length > 0 ? defaults.hostGatewayAddresses : gateways;
    if (addresses.length === 0) throw new InvalidBuildError('unable to derive the IP value for host-gateway');
    return addresses.map((address) => `${name}:${address}`);
  });
}

async function attach(
  { ports, defaults }: BuilderEnvironment,
  { network, hostname }: RunStep,
  place: { containerId: string; namespace?: string },
  opened: AsyncDisposableStack,
): Promise<Attachment | undefined> {
  if (network === 'host') return undefined;
  const endpoint = {
    network: network === 'default' ? 'bridge' : network,
    dnsNames: [],
    links: new Map<string, string>(),
    driverOptions: {},
    gatewayPriority: 0,
  };
  opened.defer(() => ports.network.detach(place.containerId));
  return await ports.network.attach({
    ...place,
    endpoints: network === 'none' ? [] : [endpoint],
    ports: [],
    dns: defaults.dns,
    hostname,
  });
}

function specOptions(
  { defaults }: BuilderEnvironment,
  step: RunStep,
  parts: { tree: LayeredTree; mounts: readonly SpecMount[]; network: SpecNamespaces['network'] },
): SpecOptions {
  const { security } = defaults;
  const { tree, mounts, network } = parts;
  const { user, home } = findContainerUser(tree.root, step.user, []);
  const has = (name: string): boolean => step.variables.some((entry) => entry.startsWith(`${name}=`));
  return {
    containerId: tree.id,
    rootfs: tree.root,
    readOnlyRootfs: false,
    args: step.command,
    env: [
      ...(has('PATH') ? [] : [`PATH=${defaultPath}`]),
      ...step.variables,
      ...(has('HOME') ? [] : [`HOME=${home}`]),
    ],
    workingDirectory: step.workingDirectory,
    user,
    hostname: step.hostname,
    domainname: '',
    capabilities: containerCapabilities({ add: [], drop: [], privileged: step.isInsecure }),
    privileged: step.isInsecure,
    noNewPrivileges: security.noNewPrivileges,
    security: { seccomp: step.isInsecure ? 'unconfined' : security.seccomp },
    namespaces: { ...ownNamespaces, network, cgroup: defaults.cgroupVersion === 2 ? 'new' : 'host' },
    mounts: mounts.toSorted((a, b) => depth(a.destination) - depth(b.destination)),
    sharedMemory: { sizeBytes: step.sharedMemoryBytes },
    resources: step.limits,
    oomScoreAdjustment: 0,
    rlimits: step.ulimits,
    cgroupParent: step.cgroupParent || defaults.cgroupParent,
  };
}

/** What mounting makes where it is missing; links on the way are followed. To be asked before the command can change them. */
function mountStubs(tree: LayeredTree, { destination }: SpecMount): string[] {
  using rooted = tree.open();
  const place = pathText(keyBytes(rooted.resolve(destination).join('/')));
  return [...withParents(destination), ...withParents(`/${place}`)];
}

/** A place and all that it lies in. */
function withParents(place: string): string[] {
  const names = place.split('/').slice(1);
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}

function depth(destination: string): number {
  return destination.split('/').length;
}
