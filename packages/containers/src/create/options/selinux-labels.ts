import type { SpecSecurity } from '@gantry/runtime';
import { InvalidOptionError, SecurityModuleMissingError } from '../../errors.ts';

/** container-selinux's types, and a level without categories: containers are kept from the host, not from one another. */
const processParts = { user: 'system_u', role: 'system_r', type: 'container_t', level: 's0' };
const fileParts = { user: 'system_u', role: 'object_r', type: 'container_file_t' };
/** What a privileged container runs as. */
const unconfinedType = 'spc_t';
const names: ReadonlySet<string> = new Set(['user', 'role', 'type', 'level', 'filetype']);

/**
 * The labels that `--security-opt label=…` asks for; undefined when nothing is asked for, or labels are disabled. Throws
 * `InvalidOptionError`, and `SecurityModuleMissingError` on a host that knows no labels.
 */
export function selinuxLabels(
  options: readonly string[],
  { enabled, privileged }: { enabled: boolean; privileged: boolean },
): SpecSecurity['selinux'] | undefined {
  const given = new Map<string, string>();
  for (const option of options) {
    if (option === 'disable') return undefined;
    const at = option.indexOf(':');
    const name = option.slice(0, Math.max(0, at));
    const value = option.slice(at + 1);
    if (!names.has(name) || !/^[\w.,:-]+$/.test(value)) {
      throw new InvalidOptionError(
        `Bad label option ${JSON.stringify(option)}, valid options 'disable' or 'user, role, level, type, filetype' followed by ':' and a value`,
        { option: 'HostConfig.SecurityOpt' },
      );
    }
    given.set(name, value);
  }
  if (given.size === 0) return undefined;
  if (!enabled) throw new SecurityModuleMissingError('SELinux', `label=${options[0] ?? ''}`);
  const type = given.get('type') ?? (privileged ? unconfinedType : processParts.type);
  const level = given.get('level') ?? processParts.level;
  const user = given.get('user') ?? processParts.user;
  const role = given.get('role') ?? processParts.role;
  return {
    processLabel: [user, role, type, level].join(':'),
    mountLabel: [fileParts.user, fileParts.role, given.get('filetype') ?? fileParts.type, level].join(':'),
  };
}
