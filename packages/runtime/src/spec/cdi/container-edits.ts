import type { JsonObject, JsonReader, RuntimeHook, RuntimeHookName, RuntimeMount } from '@gantry/oci';

/** What a device asks of a container beyond its node (Container Device Interface 1.1). */
export interface ContainerEdits {
  /** `NAME=value`. */
  env: string[];
  deviceNodes: DeviceNode[];
  netDevices: NetworkDevice[];
  mounts: RuntimeMount[];
  hooks: (RuntimeHook & { hookName: RuntimeHookName })[];
  additionalGids: number[];
  /** It asks for a class of cache and memory bandwidth, which is not built: whoever uses the device refuses it. */
  intelRdt: boolean;
}

/** An interface of the host that moves into the container's network. */
export interface NetworkDevice {
  hostInterfaceName: string;
  /** In the container. */
  name: string;
}

export interface DeviceNode {
  /** In the container. */
  path: string;
  hostPath: string;
  /** Where the file says what node it is; the host's at `hostPath` when missing. */
  node?: { type: 'b' | 'c' | 'p'; major: number; minor: number };
  access: string;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

const hookNames: ReadonlySet<string> = new Set<RuntimeHookName>([
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
]);
const editNames: ReadonlySet<string> = new Set([
  'env',
  'deviceNodes',
  'netDevices',
  'hooks',
  'mounts',
  'intelRdt',
  'additionalGids',
]);

/** Reads `containerEdits`. Throws `InvalidDocumentError` naming the field. */
export function parseContainerEdits(value: unknown, read: JsonReader): ContainerEdits {
  const edits = read.object(value ?? {}, 'containerEdits');
  const unknown = Object.keys(edits).find((name) => !editNames.has(name));
  if (unknown !== undefined) read.fail(`has an unknown containerEdits.${unknown}`);
  const items = (name: string): JsonObject[] =>
    read.array(edits[name] ?? [], name).map((item) => read.object(item, name));
  return {
    env: read.strings(edits['env'] ?? [], 'env'),
    deviceNodes: items('deviceNodes').map((node) => parseNode(node, read)),
    netDevices: items('netDevices').map((device) => parseNetworkDevice(device, read)),
    mounts: items('mounts').map((mount) => parseMount(mount, read)),
    hooks: items('hooks').map((hook) => parseHook(hook, read)),
    additionalGids: read
      .array(edits['additionalGids'] ?? [], 'additionalGids')
      .map((gid) => read.size(gid, 'additionalGids')),
    intelRdt: edits['intelRdt'] !== undefined && edits['intelRdt'] !== null,
  };
}

/** All of them, in order. */
export function joinEdits(all: readonly ContainerEdits[]): ContainerEdits {
  return {
    env: all.flatMap(({ env }) => env),
    deviceNodes: all.flatMap(({ deviceNodes }) => deviceNodes),
    netDevices: all.flatMap(({ netDevices }) => netDevices),
    mounts: all.flatMap(({ mounts }) => mounts),
    hooks: all.flatMap(({ hooks }) => hooks),
    additionalGids: all.flatMap(({ additionalGids }) => additionalGids),
    intelRdt: all.some(({ intelRdt }) => intelRdt),
  };
}

function parseNode(node: JsonObject, read: JsonReader): DeviceNode {
  const path = absolute(node['path'], 'deviceNodes.path', read);
  const access =
    node['permissions'] === undefined ? 'rwm' : read.string(node['permissions'], 'deviceNodes.permissions');
  if (!/^[rwm]{1,3}$/.test(access)) read.fail(`has deviceNodes.permissions ${JSON.stringify(access)}`);
  const number = (name: 'fileMode' | 'uid' | 'gid'): object =>
    node[name] === undefined ? {} : { [name]: read.size(node[name], `deviceNodes.${name}`) };
  return {
    path,
    hostPath:
      node['hostPath'] === undefined ? path : absolute(node['hostPath'], 'deviceNodes.hostPath', read),
    ...explicitNode(node, read),
    access,
    ...number('fileMode'),
    ...number('uid'),
    ...number('gid'),
  };
}

/** A kind without numbers (but for a FIFO) is only what the host's node is expected to be. */
function explicitNode(node: JsonObject, read: JsonReader): Pick<DeviceNode, 'node'> {
  if (node['type'] === undefined) return {};
  const type = read.string(node['type'], 'deviceNodes.type');
  if (type !== 'b' && type !== 'c' && type !== 'u' && type !== 'p') {
    read.fail(`has a deviceNodes.type ${JSON.stringify(type)}`);
  }
  const [major, minor] = [node['major'], node['minor']].map((number) =>
    read.size(number ?? 0, 'deviceNodes.major'),
  );
  if (type !== 'p' && node['major'] === undefined) return {};
  return { node: { type: type === 'u' ? 'c' : type, major: major ?? 0, minor: minor ?? 0 } };
}

function parseNetworkDevice(device: JsonObject, read: JsonReader): NetworkDevice {
  const [hostInterfaceName, name] = ['hostInterfaceName', 'name'].map((field) =>
    interfaceName(device[field], `netDevices.${field}`, read),
  );
  return { hostInterfaceName: hostInterfaceName ?? '', name: name ?? '' };
}

/** As the kernel takes it (dev_valid_name). */
function interfaceName(value: unknown, field: string, read: JsonReader): string {
  const name = read.string(value, field);
  if (!/^[^/:\s\0]{1,15}$/.test(name) || name === '.' || name === '..') {
    read.fail(`has a '${field}' that is no name of an interface`);
  }
  return name;
}

function parseMount(mount: JsonObject, read: JsonReader): RuntimeMount {
  const source = read.string(mount['hostPath'], 'mounts.hostPath');
  return {
    destination: absolute(mount['containerPath'], 'mounts.containerPath', read),
    type: mount['type'] === undefined ? 'bind' : read.string(mount['type'], 'mounts.type'),
    source,
    options: read.strings(mount['options'] ?? ['rbind', 'rprivate'], 'mounts.options'),
  };
}

function parseHook(hook: JsonObject, read: JsonReader): ContainerEdits['hooks'][number] {
  const hookName = read.string(hook['hookName'], 'hooks.hookName');
  if (!hookNames.has(hookName)) read.fail(`has a hook ${JSON.stringify(hookName)}`);
  return {
    hookName: hookName as RuntimeHookName,
    path: absolute(hook['path'], 'hooks.path', read),
    ...(hook['args'] !== undefined && { args: read.strings(hook['args'], 'hooks.args') }),
    ...(hook['env'] !== undefined && { env: read.strings(hook['env'], 'hooks.env') }),
    ...(hook['timeout'] !== undefined && { timeout: read.size(hook['timeout'], 'hooks.timeout') }),
  };
}

function absolute(value: unknown, field: string, read: JsonReader): string {
  const path = read.string(value, field);
  if (!path.startsWith('/') || path.includes('\0'))
    read.fail(`has a '${field}' that is not an absolute path`);
  return path;
}
