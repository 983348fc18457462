import type { RuntimeSpec } from '@gantry/oci';
import { nodeOf } from '../devices.ts';
import type { ContainerEdits, DeviceNode } from './container-edits.ts';

/** The spec with what its devices ask for. Throws `DeviceNotFoundError` when the host lacks a node. */
export function applyEdits(spec: RuntimeSpec, edits: ContainerEdits): RuntimeSpec {
  const { process, linux } = spec;
  const nodes = edits.deviceNodes.map((node) => deviceFrom(node));
  const rules = nodes.map(({ type, major, minor, access }) => ({
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
      env: [...(process.env ?? []), ...edits.env],
      user: { ...process.user, additionalGids: [...new Set(gids)] },
    },
    mounts: [...spec.mounts, ...edits.mounts],
    ...(edits.hooks.length > 0 && { hooks }),
    linux: {
      ...linux,
      devices: [...(linux.devices ?? []), ...nodes.map(({ access: _access, ...device }) => device)],
      resources: { ...linux.resources, devices: [...(linux.resources?.devices ?? []), ...rules] },
    },
  };
}

function deviceFrom({ path, hostPath, access, fileMode, uid, gid }: DeviceNode): ReturnType<typeof nodeOf> & {
  access: string;
} {
  return {
    ...nodeOf(hostPath),
    path,
    ...(fileMode !== undefined && { fileMode }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    access,
  };
}
