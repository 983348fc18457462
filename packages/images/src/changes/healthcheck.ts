import { errorMessage, parseGoDuration } from '@gantry/base';
import type { ImageRunConfig } from '@gantry/oci';
import { InvalidChangeError } from '../errors.ts';
import { parseJsonForm } from './words.ts';

type Healthcheck = NonNullable<ImageRunConfig['Healthcheck']>;

const durationFlags = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
} as const;

/** `NONE`, or `[--interval=… --timeout=… --start-period=… --start-interval=… --retries=…] CMD …`. Throws `InvalidChangeError`. */
export function parseHealthcheck(text: string): Healthcheck {
  const health: Healthcheck = {};
  let rest = text;
  for (let flag = /^--([a-z-]+)=(\S*)\s*/.exec(rest); flag; flag = /^--([a-z-]+)=(\S*)\s*/.exec(rest)) {
    setFlag(health, flag[1] ?? '', flag[2] ?? '');
    rest = rest.slice(flag[0].length);
  }
  const [, kind = '', command = ''] = /^(\S+)\s*([\s\S]*)$/.exec(rest) ?? [];
  if (kind.toUpperCase() === 'NONE') {
    if (command !== '') throw new InvalidChangeError('HEALTHCHECK NONE takes no arguments', text);
    return { Test: ['NONE'] };
  }
  if (kind.toUpperCase() !== 'CMD') {
    throw new InvalidChangeError(`Unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`, text);
  }
  if (command === '') throw new InvalidChangeError('Missing command after HEALTHCHECK CMD', text);
  const words = parseJsonForm(command);
  return { Test: words === undefined ? ['CMD-SHELL', command] : ['CMD', ...words], ...health };
}

function setFlag(health: Healthcheck, name: string, value: string): void {
  if (name === 'retries') {
    const retries = /^\d+$/.test(value) ? Number(value) : -1;
    if (retries < 0) throw new InvalidChangeError(`--retries cannot be ${JSON.stringify(value)}`, value);
    health.Retries = retries;
    return;
  }
  if (!Object.hasOwn(durationFlags, name)) {
    throw new InvalidChangeError(`Unknown flag: ${name}`, `--${name}=${value}`);
  }
  const duration = durationOf(value);
  // Docker's runtime floor: 1 ms, or 0 for the default.
  if (duration !== 0 && duration < 1e6) {
    throw new InvalidChangeError(`Interval ${JSON.stringify(name)} cannot be less than 1ms`, value);
  }
  health[durationFlags[name as keyof typeof durationFlags]] = duration;
}

function durationOf(value: string): number {
  try {
    return parseGoDuration(value);
  } catch (error) {
    throw new InvalidChangeError(errorMessage(error), value);
  }
}
