import type { HealthConfig } from '@gantry/api-types';
import { parseGoDuration } from '@gantry/base';
import { CommandError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';

const durations = {
  'health-interval': 'Interval',
  'health-timeout': 'Timeout',
  'health-start-period': 'StartPeriod',
  'health-start-interval': 'StartInterval',
} as const;

/** The `--health-…` flags; undefined when none is given, so that the image's own check stays. */
export function parseHealthCheck(flags: FlagValues): HealthConfig | undefined {
  const names = ['health-cmd', 'health-retries', ...Object.keys(durations)];
  const given = names.filter((name) => flags.has(name));
  if (flags.boolean('no-healthcheck')) {
    if (given.length > 0) throw failure('--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (given.length === 0) return undefined;
  const health: HealthConfig = {};
  const command = flags.string('health-cmd');
  if (command !== '') health.Test = ['CMD-SHELL', command];
  const retries = flags.number('health-retries');
  if (retries !== undefined) {
    if (retries < 0) throw failure('--health-retries cannot be negative');
    health.Retries = retries;
  }
  for (const [name, field] of Object.entries(durations)) {
    if (!flags.has(name)) continue;
    const durationNs = parseGoDuration(flags.string(name));
    if (durationNs < 0) throw failure(`--${name} cannot be negative`);
    health[field] = durationNs;
  }
  return health;
}

function failure(message: string): CommandError {
  return new CommandError(125, message);
}
