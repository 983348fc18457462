import path from 'node:path';
import type { EngineNetworkOptions, EngineSettings, ProxySettings } from '@gantry/engine';
import {
  isLogFormat,
  isLogLevel,
  type LogFormat,
  type LogLevel,
  logFormats,
  logLevels,
} from '@gantry/program';
import { type CgroupDriverName, cgroupDriverOf, cgroupParentOf, realtimeOf } from './cgroup-config.ts';
import { ConfigError } from './config-error.ts';
import { defaultConfigFile, readConfigFile } from './config-file.ts';
import { type Flags, parseValue } from './flags.ts';
import { networkOptionsOf } from './network-config.ts';
import { daemonOptions, type OptionValue, type OptionValues } from './options.ts';
import { readSettings, settingDefaults } from './read-settings.ts';
import { storageSizeOf } from './storage-config.ts';
import { type Ulimits, ulimitsOf } from './ulimit-config.ts';

/** What gantryd runs with; frozen. Paths are absolute. */
export interface DaemonConfig {
  readonly hosts: readonly string[];
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly pidFile: string;
  readonly bridge: string;
  readonly bip: string | undefined;
  readonly network: EngineNetworkOptions;
  readonly cgroupDriver: CgroupDriverName;
  readonly cgroupParent: string;
  /** CPU time for real-time processes of all containers. */
  readonly realtime: { periodUs?: number; runtimeUs?: number } | undefined;
  readonly proxies: ProxySettings;
  /** Where measures are told; nowhere when missing. */
  readonly metricsAddress: { host: string; port: number } | undefined;
  /** 0 is no limit. */
  readonly storageSizeBytes: number;
  readonly usernsRemap: string;
  readonly cdiSpecDirs: readonly string[];
  /** Content directories of registries. */
  readonly sharedContent: readonly string[];
  readonly ulimits: Ulimits;
  readonly noNewPrivileges: boolean;
  /** `builtin`, `unconfined` or an absolute path. */
  readonly seccompProfile: string;
  /** Of this process; what it was started with when missing. */
  readonly oomScoreAdjustment: number | undefined;
  readonly init: boolean;
  readonly initPath: string | undefined;
  readonly group: string | undefined;
  readonly logDriver: string;
  readonly logOptions: Readonly<Record<string, string>>;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** What a SIGHUP may change. */
  readonly settings: EngineSettings;
  readonly tls: TlsFiles | undefined;
  /** TCP that anybody may use: only when both `tls` and `tlsverify` were said to be false. */
  readonly allowUnauthenticatedTcp: boolean;
}

export interface TlsFiles {
  caFile: string;
  certFile: string;
  keyFile: string;
}

const defaults: OptionValues = {
  hosts: ['unix:///run/gantry/gantry.sock'],
  'data-root': '/var/lib/gantry',
  'exec-root': '/run/gantry',
  bridge: 'gantry0',
  'cdi-spec-dirs': ['/etc/cdi', '/var/run/cdi'],
  ...settingDefaults,
  'log-driver': 'json-file',
  'log-format': 'json',
  'log-level': 'info',
};

/**
 * Puts the configuration together: defaults < daemon.json < environment (`GANTRY_` and the key in capitals) < flags. Throws
 * `ConfigError` for what `readConfigFile` refuses, and for a value out of its range.
 */
export function loadConfig(flags: Flags, environment: NodeJS.ProcessEnv): DaemonConfig {
  const values = {
    ...defaults,
    ...readConfigFile({
      file: flags.configFile ?? defaultConfigFile,
      required: flags.configFile !== undefined,
      flagValues: flags.values,
    }),
    ...fromEnvironment(environment),
    ...flags.values,
  };
  const execRoot = absolute(values, 'exec-root');
  const logLevel = text(values, 'log-level');
  if (!isLogLevel(logLevel))
    throw new ConfigError(`log-level: '${logLevel}' is none of ${logLevels.join(', ')}`);
  const logFormat = text(values, 'log-format');
  if (!isLogFormat(logFormat))
    throw new ConfigError(`log-format: '${logFormat}' is none of ${logFormats.join(', ')}`);
  const settings = readSettings(values);
  const cgroupDriver = cgroupDriverOf(values['exec-opts'] === undefined ? [] : list(values, 'exec-opts'));
  return Object.freeze({
    hosts: list(values, 'hosts'),
    dataRoot: absolute(values, 'data-root'),
    execRoot,
    pidFile:
      values['pidfile'] === undefined ? path.join(execRoot, 'gantryd.pid') : absolute(values, 'pidfile'),
    bridge: text(values, 'bridge'),
    bip: optionalText(values, 'bip'),
    network: networkOptionsOf(values),
    cgroupDriver,
    cgroupParent: cgroupParentOf(optionalText(values, 'cgroup-parent'), cgroupDriver),
    realtime: realtimeOf(values['cpu-rt-period'], values['cpu-rt-runtime']),
    proxies: proxies(values),
    metricsAddress: metricsAddress(optionalText(values, 'metrics-addr') ?? ''),
    storageSizeBytes: storageSizeOf(values['storage-opts'] === undefined ? [] : list(values, 'storage-opts')),
    usernsRemap: optionalText(values, 'userns-remap') ?? '',
    cdiSpecDirs: list(values, 'cdi-spec-dirs'),
    sharedContent: sharedContent(values),
    ulimits: ulimitsOf(values['default-ulimits']),
    noNewPrivileges: values['no-new-privileges'] === true,
    seccompProfile: seccompProfile(optionalText(values, 'seccomp-profile') ?? ''),
    oomScoreAdjustment: oomScoreAdjustment(values['oom-score-adjust']),
    init: values['init'] === true,
    initPath: values['init-path'] === undefined ? undefined : absolute(values, 'init-path'),
    group: optionalText(values, 'group'),
    logDriver: text(values, 'log-driver'),
    logOptions: map(values, 'log-opts'),
    logLevel: settings.debug ? 'debug' : logLevel,
    logFormat,
    settings,
    tls: tlsFiles(values),
    allowUnauthenticatedTcp: values['tls'] === false && values['tlsverify'] === false,
  });
}

function fromEnvironment(environment: NodeJS.ProcessEnv): OptionValues {
  const values: OptionValues = {};
  for (const option of daemonOptions) {
    const name = `GANTRY_${option.key.toUpperCase().replaceAll('-', '_')}`;
    const value = environment[name];
    if (value === undefined || value === '') continue;
    values[option.key] =
      option.type === 'list' ||
      option.type === 'map' ||
      option.type === 'maps' ||
      option.type === 'runtimes' ||
      option.type === 'ulimits'
        ? value.split(',')
        : parseValue(option, value, name);
  }
  return values;
}

function tlsFiles(values: OptionValues): TlsFiles | undefined {
  if (values['tls'] === true && values['tlsverify'] !== true)
    throw new ConfigError('tls without tlsverify: TCP is served with mutual TLS only');
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

function sharedContent(values: OptionValues): readonly string[] {
  const directories = values['shared-content'] === undefined ? [] : list(values, 'shared-content');
  const relative = directories.find((directory) => !path.isAbsolute(directory));
  if (relative !== undefined) throw new ConfigError(`shared-content: '${relative}' is not an absolute path`);
  return directories;
}

/** A path is taken from where the daemon was started, as dockerd does. */
function seccompProfile(text: string): string {
  if (text === '') return 'builtin';
  return text === 'builtin' || text === 'unconfined' ? text : path.resolve(text);
}

function metricsAddress(text: string): DaemonConfig['metricsAddress'] {
  if (text === '') return undefined;
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:/]*)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new ConfigError(`metrics-addr: '${text}' is not host:port`);
  }
  return { host: bracketed ?? (plain || '0.0.0.0'), port: Number(port) };
}

function proxies(values: OptionValues): ProxySettings {
  const [httpProxy, httpsProxy, noProxy] = ['http-proxy', 'https-proxy', 'no-proxy'].map((key) =>
    optionalText(values, key),
  );
  return {
    ...(httpProxy !== undefined && { httpProxy }),
    ...(httpsProxy !== undefined && { httpsProxy }),
    ...(noProxy !== undefined && { noProxy }),
  };
}

function oomScoreAdjustment(value: OptionValue | undefined): number | undefined {
  if (typeof value !== 'number') return undefined;
  if (value >= -1000 && value <= 1000) return value;
  throw new ConfigError(`oom-score-adjust: ${value} is not between -1000 and 1000`);
}

function absolute(values: OptionValues, key: string): string {
  const value = text(values, key);
  if (!path.isAbsolute(value)) throw new ConfigError(`${key}: '${value}' is not an absolute path`);
  return path.normalize(value);
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
