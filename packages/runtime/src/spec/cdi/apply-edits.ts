import type { RuntimeSpec } from '@gantry/oci';
import { nodeOf } from '../devices.ts';
import type { ContainerEdits, DeviceNode } from './container-edits.ts';

/** The spec with what its devices ask for. Throws `DeviceNotFoundError` when the host lacks a node. */
export function applyEdits(spec: RuntimeSpec, edits: ContainerEdits): RuntimeSpec {
  const { process, linux } = spec;
  const nodes = edits.deviceNodes.map((node) => deviceFrom(node, process.user));
  const rules = nodes
    .filter(({ type }) => type !== 'p')
    .map(({ type, major, minor, access }) => ({
      allow: true,
      type,
      ...(major !== undefined && { major }),
      ...(minor !== undefined && { minor }),
      access,
    }));
  const hooks: NonNullable<RuntimeSpec['hooks']> = { ...spec.hooks };
  for (const { hookName, ...hook } of edits.hooks) hooks[hookName] = [...(hooks[hookName] ?? []), hook];
  const gids = [...(process.user.additionalGids ?? []), ...edits.additionalGids];
  return {
    ...spec,
    process: {
      ...process,
      env: lastOfEach([...(process.env ?? []), ...edits.env], nameOfVariable),
      user: { ...process.user, additionalGids: [...new Set(gids)] },
    },
    mounts: lastOfEach([...spec.mounts, ...edits.mounts], ({ destination }) => destination),
    ...(edits.hooks.length > 0 && { hooks }),
    linux: {
      ...linux,
      devices: lastOfEach(
        [...(linux.devices ?? []), ...nodes.map(({ access: _access, ...device }) => device)],
        ({ path }) => path,
      ),
      resources: { ...linux.resources, devices: [...(linux.resources?.devices ?? []), ...rules] },
    },
  };
}

/** A node that the file gives no owner is the user's, as other users of these files have it. */
function deviceFrom(
  { path, hostPath, node, access, fileMode, uid, gid }: DeviceNode,
  user: RuntimeSpec['process']['user'],
): ReturnType<typeof nodeOf> & { access: string } {
  const own = { ...(user.uid > 0 && { uid: user.uid }), ...(user.gid > 0 && { gid: user.gid }) };
  return {
    ...(node ?? nodeOf(hostPath)),
    path,
    ...own,
    ...(fileMode !== undefined && { fileMode }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    access,
  };
}

/** Of several for one thing the last, where it stands. */
function lastOfEach<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const last = new Map(items.map((item) => [keyOf(item), item]));
  return items.filter((item) => last.get(keyOf(item)) === item);
}

function nameOfVariable(variable: string): string {
  return variable.split('=', 1)[0] ?? '';
}
