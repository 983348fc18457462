import type { RuntimeSpec } from '@gantry/oci';
import type { SpecOptions } from '@gantry/runtime';

/** The options as they are, without any default of Docker's: what a test looks at. */
export function plainSpec(options: SpecOptions): RuntimeSpec {
  const sets = [...options.capabilities];
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: options.terminal !== undefined,
      user: {
        uid: options.user.uid,
        gid: options.user.gid,
        additionalGids: [...options.user.additionalGids],
      },
      args: [...options.args],
      env: [...options.env],
      cwd: options.workingDirectory,
      capabilities: { bounding: sets, effective: sets, inheritable: [], permitted: sets, ambient: [] },
      rlimits: [...options.rlimits],
      noNewPrivileges: options.noNewPrivileges,
    },
    root: { path: options.rootfs, readonly: options.readOnlyRootfs },
    hostname: options.hostname,
    mounts: options.mounts.map((mount) => ({ ...mount, options: [...mount.options] })),
    linux: { namespaces: [] },
  };
}
