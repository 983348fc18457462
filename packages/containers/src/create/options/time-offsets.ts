import { existsSync } from 'node:fs';
import { uptime } from 'node:os';
import type { HostConfig } from '@gantry/api-types';
import type { SpecNamespaces } from '@gantry/runtime';
import { InvalidOptionError } from '../../errors.ts';

/** Docker has no option for it: `--annotation gantry.time.boottime=86400`. */
const prefix = 'gantry.time.';
const clocks = ['monotonic', 'boottime'] as const;
/** The kernel's bound: clocks of a namespace end before 2^63 ns (time_namespaces(7)). */
const longestSeconds = 2 ** 32;

/**
 * The clocks that a container's annotations `gantry.time.monotonic` and `gantry.time.boottime` ask for, in whole seconds before
 * or after the host's; undefined for the host's clocks. Throws `InvalidOptionError` for what is no offset, and where the
 * kernel has no time namespaces.
 */
export function timeOffsets(host: HostConfig): SpecNamespaces['time'] {
  const given = Object.entries(host.Annotations ?? {}).filter(([name]) => name.startsWith(prefix));
  if (given.length === 0) return undefined;
  const offsets = { monotonic: 0, boottime: 0 };
  for (const [name, text] of given) {
    const clock = clocks.find((each) => name === `${prefix}${each}`);
    if (clock === undefined) {
      fail(`unknown annotation ${name}: ${clocks.map((each) => prefix + each).join(' or ')}`);
    }
    if (!/^[+-]?\d{1,10}$/.test(text) || Math.abs(Number(text)) > longestSeconds) {
      fail(`annotation ${name}: ${JSON.stringify(text)} is not a number of seconds`);
    }
    if (Number(text) < -uptime()) fail(`annotation ${name}: ${text} is before the start of the host`);
    offsets[clock] = Number(text);
  }
  if (!existsSync('/proc/self/ns/time')) {
    fail(`annotation ${given[0]?.[0] ?? ''}: this kernel has no time namespaces`);
  }
  return offsets;
}

function fail(message: string): never {
  throw new InvalidOptionError(message, { option: 'HostConfig.Annotations' });
}
