import { errorMessage } from '@gantry/base';
import { UsageError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';
import { parseGpus } from './devices.ts';
import { isIP } from './is-ip.ts';

/** What Docker's client checks by itself, and the words for what does not fit. */
const checks: readonly (readonly [
  flag: string,
  shown: string,
  check: (value: string) => string | undefined,
])[] = [
  ['add-host', '--add-host', checkExtraHost],
  ['dns', '--dns', checkAddress],
  ['dns-search', '--dns-search', checkDomain],
  ['link', '--link', checkLink],
  ['env', '-e, --env', checkVariable],
  ['label', '-l, --label', checkLabel],
  ['sysctl', '--sysctl', checkSysctl],
  ['gpus', '--gpus', checkGpus],
  ['device-cgroup-rule', '--device-cgroup-rule', checkDeviceRule],
];

/** Throws `UsageError` for values of `run` and `create` that can be told to be wrong without an engine. */
export function checkNames(flags: FlagValues): void {
  for (const [flag, shown, check] of checks) {
    for (const value of flags.list(flag)) {
      const reason = check(value);
      if (reason !== undefined) {
        throw new UsageError(`invalid argument ${JSON.stringify(value)} for "${shown}" flag: ${reason}`);
      }
    }
  }
}

function checkExtraHost(value: string): string | undefined {
  const [, name = '', address = ''] = /^([^:=]*)[:=](.*)$/s.exec(value) ?? [];
  if (name === '') return `bad format for add-host: ${JSON.stringify(value)}`;
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  return bare === 'host-gateway' || isIP(bare) !== 0
    ? undefined
    : `invalid IP address in add-host: ${JSON.stringify(address)}`;
}

function checkAddress(value: string): string | undefined {
  return isIP(value.trim()) === 0 ? `IP address is not correctly formatted: ${value}` : undefined;
}

function checkDomain(value: string): string | undefined {
  const domain = value.trim();
  if (domain === '' || domain === '.' || domain === '0.0.0.0') return undefined;
  const isDomain =
    /^(?:[a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])(?:\.(?:[a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9]))*\.?$/i;
  return isDomain.test(domain) ? undefined : `${value} is not a valid domain`;
}

function checkLink(value: string): string | undefined {
  if (value === '') return 'empty string specified for links';
  return value.split(':').length > 2 ? `bad format for links: ${value}` : undefined;
}

function checkVariable(value: string): string | undefined {
  return value === '' || value.startsWith('=') ? `invalid environment variable: ${value}` : undefined;
}

function checkLabel(value: string): string | undefined {
  if (value.split('=')[0] === '') return `invalid label '${value}': empty name`;
  return undefined;
}

const namespacedSysctls =
  /^(?:kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|net\..*|fs\.mqueue\..*)$/;

function checkSysctl(value: string): string | undefined {
  const [name = '', setting] = value.split('=', 2);
  return setting !== undefined && namespacedSysctls.test(name)
    ? undefined
    : `sysctl '${value}' is not allowed`;
}

function checkGpus(value: string): string | undefined {
  try {
    parseGpus(value);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

function checkDeviceRule(value: string): string | undefined {
  const isRule = /^[acb] (?:\d+|\*):(?:\d+|\*) [rwm]{1,3}$/.test(value);
  return isRule ? undefined : `invalid device cgroup format '${value}'`;
}
