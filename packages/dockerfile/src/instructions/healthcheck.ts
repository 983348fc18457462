import { errorMessage, parseGoDuration } from '@gantry/base';
import { SyntaxProblem } from '../errors.ts';
import type { Statement } from '../text/statements.ts';
import { readJsonForm } from '../words/json-form.ts';
import { readFlags } from './flags.ts';

/** A health check as an image's config has it; durations in nanoseconds, 0 for the default. */
export interface Healthcheck {
  /** `['NONE']`, `['CMD', …]` or `['CMD-SHELL', text]`. */
  readonly Test: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

const minDurationNs = 1e6;
const flagNames = {
  interval: 'text',
  timeout: 'text',
  'start-period': 'text',
  'start-interval': 'text',
  retries: 'text',
} as const;

/** Reads `NONE`, or `CMD` with its flags. Throws `SyntaxProblem` in BuildKit's words. */
export function readHealthcheck(statement: Statement): Healthcheck {
  const [, type = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(statement.text) ?? [];
  if (type === '') throw new SyntaxProblem('HEALTHCHECK requires at least one argument');
  const upper = type.toUpperCase();
  if (upper === 'NONE') {
    if (rest !== '') throw new SyntaxProblem('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'] };
  }
  const flags = readFlags(statement.flags, flagNames);
  if (upper !== 'CMD')
    throw new SyntaxProblem(`Unknown type ${JSON.stringify(upper)} in HEALTHCHECK (try CMD)`);
  const duration = (name: keyof typeof flagNames) => readDuration(name, flags.text(name));
  return withoutZeros({
    Test: readTest(rest),
    Interval: duration('interval'),
    Timeout: duration('timeout'),
    StartPeriod: duration('start-period'),
    StartInterval: duration('start-interval'),
    Retries: readRetries(flags.text('retries')),
  });
}

function readTest(text: string): string[] {
  const words = readJsonForm(text);
  if (text === '' || words?.length === 0) throw new SyntaxProblem('Missing command after HEALTHCHECK CMD');
  return words === undefined ? ['CMD-SHELL', text] : ['CMD', ...words];
}

function readDuration(name: string, text: string): number {
  if (text === '') return 0;
  const durationNs = inProblemsWords(() => parseGoDuration(text));
  if (durationNs === 0 || durationNs >= minDurationNs) return durationNs;
  throw new SyntaxProblem(`Interval "${name}" cannot be less than 1ms`);
}

function readRetries(text: string): number {
  if (text === '') return 0;
  if (!/^[+-]?\d{1,9}$/.test(text))
    throw new SyntaxProblem(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const retries = Number(text);
  if (retries < 0) throw new SyntaxProblem(`--retries cannot be negative (${retries})`);
  return retries;
}

function withoutZeros(healthcheck: Healthcheck): Healthcheck {
  const said = Object.entries(healthcheck).filter(([, value]) => value !== 0);
  return { Test: healthcheck.Test, ...Object.fromEntries(said) };
}

function inProblemsWords<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new SyntaxProblem(errorMessage(cause));
  }
}
