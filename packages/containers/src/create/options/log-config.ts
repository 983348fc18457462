import type { HostConfig } from '@gantry/api-types';
import { InvalidOptionError, OptionNotBuiltError } from '../../errors.ts';
import type { LogLimits } from '../../state/container-record.ts';

/** Docker keeps everything by default; we keep the last 100 MB. */
const defaultLimits: LogLimits = { maxFileBytes: 20_000_000, maxFiles: 5 };

const otherDrivers: ReadonlySet<string> = new Set(
  'none local syslog journald gelf fluentd awslogs splunk etwlogs gcplogs logentries'.split(' '),
);
const otherOptions: ReadonlySet<string> = new Set(
  'labels labels-regex env env-regex tag compress mode max-buffer-size'.split(' '),
);
const unitBytes: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

export interface LogSettings {
  config: { Type: 'json-file'; Config: Record<string, string> };
  limits: LogLimits;
}

/** json-file with `max-size` and `max-file`. Throws `OptionNotBuiltError` or `InvalidOptionError`, naming what else is asked for. */
export function logSettings(config: HostConfig['LogConfig']): LogSettings {
  const driver: string = config?.Type ?? '';
  if (otherDrivers.has(driver)) throw new OptionNotBuiltError('HostConfig.LogConfig.Type', driver);
  if (driver !== '' && driver !== 'json-file') {
    throw new InvalidOptionError(`logger: no log driver named '${driver}' is registered`);
  }
  const options = config?.Config ?? {};
  for (const option of Object.keys(options)) {
    if (otherOptions.has(option)) throw new OptionNotBuiltError(`log-opt ${option}`);
    if (option !== 'max-size' && option !== 'max-file') {
      throw new InvalidOptionError(`unknown log opt '${option}' for json-file log driver`);
    }
  }
  return { config: { Type: 'json-file', Config: { ...options } }, limits: limitsOf(options) };
}

function limitsOf(options: Record<string, string>): LogLimits {
  const size = options['max-size'];
  const files = options['max-file'];
  const maxFiles = files === undefined ? defaultLimits.maxFiles : Number(files);
  if (!/^\d+$/.test(files ?? '1') || maxFiles < 1 || maxFiles > 10_000) {
    throw new InvalidOptionError('max-file cannot be less than 1', { option: 'max-file' });
  }
  return { maxFileBytes: size === undefined ? defaultLimits.maxFileBytes : sizeOf(size), maxFiles };
}

function sizeOf(text: string): number {
  if (text === '-1') return Number.MAX_SAFE_INTEGER;
  const match = /^(\d+(?:\.\d+)?) ?([bkmgt]?)(?:i?b)?$/i.exec(text);
  const size = Math.floor(Number(match?.[1]) * (unitBytes[match?.[2]?.toLowerCase() ?? ''] ?? 1));
  if (match === null || !(size > 0)) {
    throw new InvalidOptionError(`invalid value for max-size: ${text}`, { option: 'max-size' });
  }
  return size;
}
