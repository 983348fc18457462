import type { HostConfig } from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import { maskedPaths, parseSeccompProfile, readOnlyPaths, type SpecSecurity } from '@gantry/runtime';
import { InvalidOptionError, SecurityModuleMissingError } from '../../errors.ts';
import { selinuxLabels } from './selinux-labels.ts';

/** Security modules that this host's kernel runs with. */
export interface HostSecurity {
  apparmor: boolean;
  selinux: boolean;
}

/** What containers get that do not say otherwise. */
export interface SecurityDefaults extends HostSecurity {
  noNewPrivileges: boolean;
  seccomp: NonNullable<SpecSecurity['seccomp']>;
}

export interface SecuritySettings {
  noNewPrivileges: boolean;
  security: SpecSecurity;
}

/** Go's strconv.ParseBool. */
const booleans: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true]),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false]),
]);

/**
 * Reads `SecurityOpt`, `MaskedPaths` and `ReadonlyPaths`. Throws `InvalidOptionError` with Docker's words, and
 * `SecurityModuleMissingError` for a profile or a label that this host has no module for, which Docker ignores.
 */
export function securitySettings(host: HostConfig, defaults: SecurityDefaults): SecuritySettings {
  const { noNewPrivileges, seccomp } = defaults;
  const settings: SecuritySettings = { noNewPrivileges, security: { seccomp, ...pathsOf(host) } };
  const labels: string[] = [];
  for (const option of host.SecurityOpt ?? []) {
    const [name, value] = splitOption(option);
    if (name === 'label') labels.push(value);
    else if (name === 'apparmor') applyApparmor(settings, value, defaults);
    else if (name === 'seccomp') settings.security.seccomp = seccompChoice(value);
    else if (name === 'no-new-privileges') settings.noNewPrivileges = booleanOf(option, value);
    else if (name === 'writable-cgroups') settings.security.writableCgroups = booleanOf(option, value);
    else throw invalid(2, option);
  }
  const selinux = selinuxLabels(labels, { enabled: defaults.selinux, privileged: host.Privileged === true });
  if (selinux !== undefined) settings.security.selinux = selinux;
  return settings;
}

/** The lists as `inspect` shows them: Docker's own unless others are given; none in a privileged container. */
export function shownPaths(host: HostConfig): Pick<HostConfig, 'MaskedPaths' | 'ReadonlyPaths'> {
  const missing = (own: readonly string[]): string[] | undefined =>
    host.Privileged === true ? undefined : [...own];
  return {
    MaskedPaths: host.MaskedPaths ?? missing(maskedPaths),
    ReadonlyPaths: host.ReadonlyPaths ?? missing(readOnlyPaths),
  };
}

function pathsOf({ MaskedPaths: masked, ReadonlyPaths: readOnly }: HostConfig): SpecSecurity {
  const wrong = [...(masked ?? []), ...(readOnly ?? [])].find(
    (path) => !path.startsWith('/') || path.includes('\0'),
  );
  if (wrong !== undefined)
    throw new InvalidOptionError(`invalid path ${JSON.stringify(wrong)}: it must be absolute`);
  return { ...(masked && { maskedPaths: masked }), ...(readOnly && { readOnlyPaths: readOnly }) };
}

/** `name=value`, or `name:value` as older clients write it; two names may stand alone. */
function splitOption(option: string): [string, string] {
  if (option === 'no-new-privileges' || option === 'writable-cgroups') return [option, 'true'];
  if (option === 'disable') return ['label', option];
  const separator = option.includes('=') ? '=' : ':';
  const at = option.indexOf(separator);
  if (at < 0) throw invalid(1, option);
  return [option.slice(0, at), option.slice(at + 1)];
}

function booleanOf(option: string, value: string): boolean {
  const answer = booleans[value];
  if (answer === undefined) throw invalid(2, option);
  return answer;
}

function applyApparmor({ security }: SecuritySettings, profile: string, { apparmor }: HostSecurity): void {
  if (profile === 'unconfined' || profile === '') return;
  if (!apparmor) throw new SecurityModuleMissingError('AppArmor', `apparmor=${profile}`);
  security.apparmorProfile = profile;
}

function seccompChoice(value: string): NonNullable<SpecSecurity['seccomp']> {
  if (value === 'unconfined') return 'unconfined';
  if (value === '' || value === 'builtin') return 'default';
  try {
    return parseSeccompProfile(value);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new InvalidOptionError(error.message, { option: 'HostConfig.SecurityOpt' });
  }
}

function invalid(kind: 1 | 2, option: string): InvalidOptionError {
  return new InvalidOptionError(`invalid --security-opt ${kind}: ${JSON.stringify(option)}`, {
    option: 'HostConfig.SecurityOpt',
  });
}
