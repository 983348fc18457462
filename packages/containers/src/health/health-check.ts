import type { ContainerConfig, HealthConfig } from '@gantry/api-types';
import { InvalidOptionError } from '../errors.ts';

/** What is asked of a container again and again, with Docker's defaults filled in. */
export interface HealthCheck {
  /** Program and arguments, run as an exec of the container's user in its working directory. */
  command: readonly string[];
  /** From the end of one probe to the begin of the next. */
  intervalMs: number;
  timeoutMs: number;
  /** Failures in so long a time after the start do not count, until the first success. */
  startPeriodMs: number;
  /** The interval within the start period. */
  startIntervalMs: number;
  /** Failures in a row that make a container unhealthy. */
  retries: number;
}

const defaults = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  startPeriodMs: 0,
  startIntervalMs: 5000,
  retries: 3,
};
const minimumNs = 1_000_000;
const durations = ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const;

/** The health check of a container's merged Config; undefined when it has none, or `NONE`. */
export function healthCheckOf({
  Healthcheck: health,
  Shell: shell,
}: ContainerConfig): HealthCheck | undefined {
  const command = probeCommand(health?.Test ?? [], shell ?? []);
  if (health === undefined || command === undefined) return undefined;
  return {
    command,
    intervalMs: milliseconds(health.Interval, defaults.intervalMs),
    timeoutMs: milliseconds(health.Timeout, defaults.timeoutMs),
    startPeriodMs: milliseconds(health.StartPeriod, defaults.startPeriodMs),
    startIntervalMs: milliseconds(health.StartInterval, defaults.startIntervalMs),
    retries: health.Retries === undefined || health.Retries === 0 ? defaults.retries : health.Retries,
  };
}

/**
 * The request's Healthcheck, and the image's in each field where the request says nothing. Throws `InvalidOptionError`
 * with Docker's words, and for a test that could never be run; of an image such a test is kept and never run.
 */
export function mergeHealthConfig(
  request: HealthConfig | null | undefined,
  image: HealthConfig | null | undefined,
): HealthConfig | undefined {
  if (request === undefined || request === null) return image ?? undefined;
  checkHealthConfig(request);
  const inherited = Object.entries(image ?? {}).filter(([field]) =>
    isZero(request[field as keyof HealthConfig]),
  );
  return { ...request, ...Object.fromEntries(inherited) };
}

function checkHealthConfig(health: HealthConfig): void {
  for (const field of durations) {
    const nanoseconds = health[field] ?? 0;
    if (!Number.isInteger(nanoseconds)) fail(`${field} in Healthcheck is no whole number: ${nanoseconds}`);
    if (nanoseconds !== 0 && nanoseconds < minimumNs) fail(`${field} in Healthcheck cannot be less than 1ms`);
  }
  const retries = health.Retries ?? 0;
  if (!Number.isInteger(retries)) fail(`Retries in Healthcheck is no whole number: ${retries}`);
  if (retries < 0) fail('Retries in Healthcheck cannot be negative');
  const [kind, ...words] = health.Test ?? [];
  if (kind === undefined || kind === 'NONE') return;
  if (kind !== 'CMD' && kind !== 'CMD-SHELL') {
    fail(`Unknown healthcheck type '${kind}' (expected 'CMD', 'CMD-SHELL' or 'NONE')`);
  }
  if (words.length === 0) fail(`Healthcheck of type '${kind}' has no command`);
  if (words.some((word) => word.includes('\0'))) fail('invalid Healthcheck: it contains a NUL');
}

function probeCommand([kind, ...words]: readonly string[], shell: readonly string[]): string[] | undefined {
  if (words.length === 0) return undefined;
  if (kind === 'CMD') return words;
  if (kind === 'CMD-SHELL') return [...(shell.length > 0 ? shell : ['/bin/sh', '-c']), ...words];
  return undefined;
}

function milliseconds(nanoseconds: number | undefined, fallback: number): number {
  return nanoseconds === undefined || nanoseconds === 0 ? fallback : nanoseconds / 1e6;
}

function isZero(value: HealthConfig[keyof HealthConfig] | null): boolean {
  return value === undefined || value === null || value === 0 || (Array.isArray(value) && value.length === 0);
}

function fail(fact: string): never {
  throw new InvalidOptionError(fact, { option: 'Config.Healthcheck' });
}
