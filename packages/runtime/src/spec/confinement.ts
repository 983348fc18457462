import type { RuntimeLinux, RuntimeSeccomp } from '@gantry/oci';
import { availableCapabilities } from './capability-sets.ts';
import { maskedPaths, readOnlyPaths } from './default-mounts.ts';
import { defaultSeccompProfile } from './seccomp/default-profile.ts';
import { resolveSeccompProfile } from './seccomp/resolve-profile.ts';
import type { SpecHost } from './spec-host.ts';
import type { SpecOptions } from './spec-options.ts';

/** The filter, the paths and the label that keep a container in its place; a privileged one has only what is asked for by name. */
export function specConfinement(options: SpecOptions, host: SpecHost): Partial<RuntimeLinux> {
  const { security = {}, privileged } = options;
  const masked = security.maskedPaths ?? (privileged ? undefined : maskedPaths);
  const readOnly = security.readOnlyPaths ?? (privileged ? undefined : readOnlyPaths);
  const seccomp = filterOf(options, host);
  return {
    ...(seccomp && { seccomp }),
    ...(masked && { maskedPaths: [...masked] }),
    ...(readOnly && { readonlyPaths: [...readOnly] }),
    ...(security.selinux && { mountLabel: security.selinux.mountLabel }),
  };
}

function filterOf(options: SpecOptions, host: SpecHost): RuntimeSeccomp | undefined {
  const { seccomp: choice = 'default' } = options.security ?? {};
  if (choice === 'unconfined' || (choice === 'default' && options.privileged)) return undefined;
  const capabilities = new Set(availableCapabilities(options.capabilities, host));
  return choice === 'default'
    ? defaultSeccompProfile(capabilities, host)
    : resolveSeccompProfile(choice, capabilities, host);
}
