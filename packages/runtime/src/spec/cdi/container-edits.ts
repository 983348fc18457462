import type { JsonObject, JsonReader, RuntimeHook, RuntimeHookName, RuntimeMount } from '@gantry/oci';

/** What a device asks of a container beyond its node (Container Device Interface 0.8). */
export interface ContainerEdits {
  /** `NAME=value`. */
  env: string[];
  deviceNodes: DeviceNode[];
  mounts: RuntimeMount[];
  hooks: (RuntimeHook & { hookName: RuntimeHookName })[];
  additionalGids: number[];
}

export interface DeviceNode {
  /** In the container. */
  path: string;
  hostPath: string;
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
const unbuilt = ['intelRdt', 'netDevices'];

/** Reads `containerEdits`. Throws `InvalidDocumentError` naming the field; what is not built is refused by its name. */
export function parseContainerEdits(value: unknown, read: JsonReader): ContainerEdits {
  const edits = read.object(value ?? {}, 'containerEdits');
  for (const name of unbuilt) {
    if (edits[name] !== undefined) read.fail(`has containerEdits.${name}, which is not implemented`);
  }
  const items = (name: string): JsonObject[] =>
    read.array(edits[name] ?? [], name).map((item) => read.object(item, name));
  return {
    env: read.strings(edits['env'] ?? [], 'env'),
    deviceNodes: items('deviceNodes').map((node) => parseNode(node, read)),
    mounts: items('mounts').map((mount) => parseMount(mount, read)),
    hooks: items('hooks').map((hook) => parseHook(hook, read)),
    additionalGids: read
      .array(edits['additionalGids'] ?? [], 'additionalGids')
      .map((gid) => read.size(gid, 'additionalGids')),
  };
}

/** All of them, in order. */
export function joinEdits(all: readonly ContainerEdits[]): ContainerEdits {
  return {
    env: all.flatMap(({ env }) => env),
    deviceNodes: all.flatMap(({ deviceNodes }) => deviceNodes),
    mounts: all.flatMap(({ mounts }) => mounts),
    hooks: all.flatMap(({ hooks }) => hooks),
    additionalGids: all.flatMap(({ additionalGids }) => additionalGids),
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
    access,
    ...number('fileMode'),
    ...number('uid'),
    ...number('gid'),
  };
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
