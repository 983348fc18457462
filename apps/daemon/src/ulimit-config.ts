import { errorMessage } from '@gantry/base';
import { type EngineOptions, resourceLimits } from '@gantry/engine';
import { ConfigError } from './config-error.ts';
import type { OptionValue } from './options.ts';

export type Ulimits = NonNullable<EngineOptions['ulimits']>;

/** The flag that says the same as an entry of daemon.json: `{"Name": "nofile", "Soft": 1, "Hard": 2}`. Throws `ConfigError`. */
export function ulimitFlag(key: string, entry: unknown): string {
  if (typeof entry === 'object' && entry !== null) {
    const { Name: name = key, Soft: soft = 0, Hard: hard = 0, ...others } = entry as Record<string, unknown>;
    const isSound = Number.isSafeInteger(soft) && Number.isSafeInteger(hard) && typeof name === 'string';
    if (isSound && Object.keys(others).length === 0) return `${name}=${String(soft)}:${String(hard)}`;
  }
  throw new ConfigError(`default-ulimits: '${key}' must be an object of Name, Soft and Hard`);
}

/** Reads `nofile=1024:2048`, one number for both; of two for one kind the last wins. Throws `ConfigError`. */
export function ulimitsOf(value: OptionValue | undefined): Ulimits {
  const texts = Array.isArray(value) ? (value as readonly string[]) : [];
  const limits = texts.map(ulimit);
  try {
    resourceLimits(limits);
  } catch (error) {
    throw new ConfigError(errorMessage(error), error);
  }
  return [...new Map(limits.map((limit) => [limit.Name, limit])).values()];
}

function ulimit(text: string): Ulimits[number] {
  const [, name = '', soft = '', hard = soft] = /^([^=]+)=(-?\d{1,15})(?::(-?\d{1,15}))?$/.exec(text) ?? [];
  if (name === '') throw new ConfigError(`invalid ulimit argument: ${text}`);
  return { Name: name, Soft: Number(soft), Hard: Number(hard) };
}
