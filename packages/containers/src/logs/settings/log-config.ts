import type { HostConfig } from '@gantry/api-types';
import { InvalidOptionError, OptionNotBuiltError } from '../../errors.ts';
import { checkFluentdOptions } from '../sinks/fluentd/fluentd-settings.ts';
import { checkGelfOptions } from '../sinks/gelf/gelf-settings.ts';
import { checkJournald } from '../sinks/journald/journald-socket.ts';
import { checkSyslogOptions } from '../sinks/syslog/syslog-settings.ts';
import type { LogOptionMap } from './log-attributes.ts';
import { parseBinarySize, parseBoolean } from './option-values.ts';

/** A log driver and its options, as `inspect` shows them. */
export interface LogConfig {
  Type: LogDriverName;
  Config: Record<string, string>;
}

export type LogDriverName = NonNullable<NonNullable<HostConfig['LogConfig']>['Type']>;

/** What `docker info` lists. */
export const logDriverNames: readonly LogDriverName[] = [
  'fluentd',
  'gelf',
  'journald',
  'json-file',
  'local',
  'none',
  'syslog',
];

interface LogDriver {
  options: ReadonlySet<string>;
  /** Throws `InvalidOptionError`. */
  check?(options: LogOptionMap): void;
}

const attributeOptions = 'labels labels-regex env env-regex tag';
const cacheOptions = ['cache-disabled', 'cache-max-size', 'cache-max-file', 'cache-compress'];
const modeOptions = ['mode', 'max-buffer-size'];
const notBuilt: ReadonlySet<string> = new Set('awslogs splunk etwlogs gcplogs logentries'.split(' '));

const drivers: Readonly<Partial<Record<string, LogDriver>>> = {
  'json-file': { options: words(`max-size max-file compress ${attributeOptions}`) },
  local: { options: words('max-size max-file compress') },
  none: { options: words('') },
  syslog: {
    options: words(
      `${attributeOptions} syslog-address syslog-facility syslog-format syslog-tls-ca-cert syslog-tls-cert ` +
        'syslog-tls-key syslog-tls-skip-verify',
    ),
    check: checkSyslogOptions,
  },
  journald: { options: words(attributeOptions), check: checkJournald },
  gelf: {
    options: words(
      `${attributeOptions} gelf-address gelf-compression-type gelf-compression-level gelf-tcp-max-reconnect ` +
        'gelf-tcp-reconnect-delay',
    ),
    check: checkGelfOptions,
  },
  fluentd: {
    options: words(
      `${attributeOptions} fluentd-address fluentd-async fluentd-async-connect fluentd-async-reconnect-interval ` +
        'fluentd-buffer-limit fluentd-retry-wait fluentd-max-retries fluentd-sub-second-precision ' +
        'fluentd-request-ack fluentd-write-timeout fluentd-read-timeout',
    ),
    check: checkFluentdOptions,
  },
};

/** The default of an engine that says nothing else. */
export const plainLogConfig: LogConfig = { Type: 'json-file', Config: {} };

/**
 * What a container was asked to log with, completed by the engine's default: its driver where none was asked for, its
 * options where the driver is the same. Throws `InvalidOptionError` in Docker's words, or `OptionNotBuiltError`.
 */
export function completeLogConfig(given: HostConfig['LogConfig'], byDefault: LogConfig): LogConfig {
  const driver = given?.Type ?? '';
  const name = driver === '' ? byDefault.Type : driver;
  const inherited = Object.entries(byDefault.Config).filter(
    ([option]) => name === byDefault.Type || (cacheOptions.includes(option) && name !== 'none'),
  );
  return checkLogConfig(name, { ...Object.fromEntries(inherited), ...given?.Config });
}

/** Throws `InvalidOptionError` in Docker's words, or `OptionNotBuiltError`. */
export function checkLogConfig(name: string, options: LogOptionMap): LogConfig {
  if (notBuilt.has(name)) throw new OptionNotBuiltError('HostConfig.LogConfig.Type', name);
  const driver = drivers[name];
  if (driver === undefined)
    throw new InvalidOptionError(
      `error looking up logging plugin ${name}: plugin ${JSON.stringify(name)} not found`,
    );
  if (name === 'none') {
    if (Object.keys(options).length > 0) throw new InvalidOptionError('invalid logging opts for driver none');
    return { Type: 'none', Config: {} };
  }
  checkMode(options);
  checkCache(options);
  for (const option of Object.keys(options)) {
    if (driver.options.has(option) || modeOptions.includes(option) || cacheOptions.includes(option)) continue;
    const where = name === 'local' ? 'log driver local' : `${name} log driver`;
    throw new InvalidOptionError(`unknown log opt '${option}' for ${where}`, { option });
  }
  driver.check?.(options);
  return { Type: name as LogDriverName, Config: { ...options } };
}

function checkMode(options: LogOptionMap): void {
  const mode = options['mode'] ?? '';
  if (!['', 'blocking', 'non-blocking'].includes(mode)) {
    throw new InvalidOptionError(`logger: logging mode not supported: ${mode}`);
  }
  const size = options['max-buffer-size'];
  if (size === undefined) return;
  if (mode !== 'non-blocking') {
    throw new InvalidOptionError("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  }
  try {
    parseBinarySize(size);
  } catch {
    throw new InvalidOptionError(`error parsing option max-buffer-size: invalid size: '${size}'`);
  }
}

function checkCache(options: LogOptionMap): void {
  const disabled = options['cache-disabled'];
  if (disabled !== undefined) parseBoolean(disabled);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' ').filter((word) => word !== ''));
}
