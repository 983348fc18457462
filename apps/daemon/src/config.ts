import { readFileSync } from 'node:fs';
import path from 'node:path';
import { EngineError, errorMessage } from '@gantry/base';
import { type Flags, parseValue } from './flags.ts';
import { daemonOptions, type OptionValue, type OptionValues } from './options.ts';

/** What gantryd runs with; frozen. Paths are absolute. */
export interface DaemonConfig {
  readonly hosts: readonly string[];
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly pidFile: string;
  readonly bridge: string;
  readonly bip: string | undefined;
  readonly cgroupParent: string;
  readonly cdiSpecDirs: readonly string[];
  readonly runtime: string;
  readonly group: string | undefined;
  readonly logDriver: string;
  readonly logOptions: Readonly<Record<string, string>>;
  readonly debug: boolean;
  readonly logLevel: LogLevel;
  readonly shutdownTimeoutMs: number;
  readonly tls: TlsFiles | undefined;
}

export interface TlsFiles {
  caFile: string;
  certFile: string;
  keyFile: string;
}

const logLevels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

const defaultConfigFile = '/etc/gantry/daemon.json';
const maxConfigBytes = 1024 * 1024;

const defaults: OptionValues = {
  hosts: ['unix:///run/gantry/gantry.sock'],
  'data-root': '/var/lib/gantry',
  'exec-root': '/run/gantry',
  bridge: 'gantry0',
  'cdi-spec-dirs': ['/etc/cdi', '/var/run/cdi'],
  'cgroup-parent': '/gantry',
  'default-runtime': 'crun',
  debug: false,
  'log-driver': 'json-file',
  'log-level': 'info',
  'shutdown-timeout': 15,
};

export class ConfigError extends EngineError {
  override readonly name = 'ConfigError';
  constructor(message: string, cause?: unknown) {
    super('invalid', 'invalid-config', message, { cause });
  }
}

/**
 * Puts the configuration together: defaults < daemon.json < environment (`GANTRY_` and the key in capitals) < flags.
 * Throws `ConfigError` for an unreadable file, an unknown key, or a value out of its range.
 */
export function loadConfig(flags: Flags, environment: NodeJS.ProcessEnv): DaemonConfig {
  const values = {
    ...defaults,
    ...fromFile(flags.configFile ?? defaultConfigFile, flags.configFile !== undefined),
    ...fromEnvironment(environment),
    ...flags.values,
  };
  const execRoot = absolute(values, 'exec-root');
  const logLevel = text(values, 'log-level');
  if (!isLogLevel(logLevel))
    throw new ConfigError(`log-level: '${logLevel}' is none of ${logLevels.join(', ')}`);
  const timeout = values['shutdown-timeout'];
  if (typeof timeout !== 'number' || timeout < 0)
    throw new ConfigError('shutdown-timeout: seconds, 0 or more');
  return Object.freeze({
    hosts: list(values, 'hosts'),
    dataRoot: absolute(values, 'data-root'),
    execRoot,
    pidFile:
      values['pidfile'] === undefined ? path.join(execRoot, 'gantryd.pid') : absolute(values, 'pidfile'),
    bridge: text(values, 'bridge'),
    bip: optionalText(values, 'bip'),
    cgroupParent: cgroupPath(values, 'cgroup-parent'),
    cdiSpecDirs: list(values, 'cdi-spec-dirs'),
    runtime: text(values, 'default-runtime'),
    group: optionalText(values, 'group'),
    logDriver: text(values, 'log-driver'),
    logOptions: map(values, 'log-opts'),
    debug: values['debug'] === true,
    logLevel: values['debug'] === true ? 'debug' : logLevel,
    shutdownTimeoutMs: timeout * 1000,
    tls: tlsFiles(values),
  });
}

function fromFile(file: string, required: boolean): OptionValues {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (!required && error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new ConfigError(`cannot read the configuration file ${file}: ${errorMessage(error)}`, error);
  }
  if (content.length > maxConfigBytes) throw new ConfigError(`${file}: larger than ${maxConfigBytes} bytes`);
  if (content.trim() === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    throw new ConfigError(`${file}: not JSON: ${errorMessage(error)}`, error);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ConfigError(`${file}: not a JSON object`);
  }
  return Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, fileValue(file, key, value)]));
}

function fileValue(file: string, key: string, value: unknown): OptionValue {
  const option = daemonOptions.find((candidate) => candidate.key === key);
  if (option === undefined) throw new ConfigError(`${file}: unknown key '${key}'`);
  switch (option.type) {
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'integer':
      if (Number.isInteger(value)) return value as number;
      break;
    case 'list':
      if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
      break;
    case 'map':
      if (isTextMap(value)) return Object.entries(value).map(([name, item]) => `${name}=${item}`);
      break;
  }
  throw new ConfigError(`${file}: '${key}' must be a ${option.type}`);
}

function fromEnvironment(environment: NodeJS.ProcessEnv): OptionValues {
  const values: OptionValues = {};
  for (const option of daemonOptions) {
    const name = `GANTRY_${option.key.toUpperCase().replaceAll('-', '_')}`;
    const value = environment[name];
    if (value === undefined || value === '') continue;
    values[option.key] =
      option.type === 'list' || option.type === 'map' ? value.split(',') : parseValue(option, value, name);
  }
  return values;
}

function tlsFiles(values: OptionValues): TlsFiles | undefined {
  if (values['tlsverify'] !== true) {
    const given = ['tlscacert', 'tlscert', 'tlskey'].find((key) => values[key] !== undefined);
    if (given !== undefined)
      throw new ConfigError(`${given} without tlsverify: TCP is served with mutual TLS only`);
    return undefined;
  }
  return {
    caFile: absolute(values, 'tlscacert'),
    certFile: absolute(values, 'tlscert'),
    keyFile: absolute(values, 'tlskey'),
  };
}

function isLogLevel(value: string): value is LogLevel {
  return logLevels.some((level) => level === value);
}

function absolute(values: OptionValues, key: string): string {
  const value = text(values, key);
  if (!path.isAbsolute(value)) throw new ConfigError(`${key}: '${value}' is not an absolute path`);
  return path.normalize(value);
}

/** Absolute, plain components only: it becomes part of paths below /sys/fs/cgroup. */
function cgroupPath(values: OptionValues, key: string): string {
  const value = text(values, key);
  if (!/^(\/[a-zA-Z0-9_][a-zA-Z0-9_.-]*)+$/.test(value))
    throw new ConfigError(`${key}: '${value}' is not the absolute path of a cgroup`);
  return value;
}

function text(values: OptionValues, key: string): string {
  const value = optionalText(values, key);
  if (value === undefined || value === '') throw new ConfigError(`${key}: missing`);
  return value;
}

function optionalText(values: OptionValues, key: string): string | undefined {
  const value = values[key];
  return typeof value === 'string' ? value : undefined;
}

function list(values: OptionValues, key: string): readonly string[] {
  const value = values[key];
  if (!Array.isArray(value) || value.length === 0) throw new ConfigError(`${key}: at least one`);
  return value as readonly string[];
}

function map(values: OptionValues, key: string): Readonly<Record<string, string>> {
  const entries = values[key];
  if (!Array.isArray(entries)) return {};
  return Object.fromEntries(
    (entries as readonly string[]).map((entry) => {
      const equals = entry.indexOf('=');
      if (equals < 1) throw new ConfigError(`${key}: '${entry}' is not name=value`);
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

function isTextMap(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((item) => typeof item === 'string');
}
