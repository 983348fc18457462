import { errorMessage } from '@gantry/base';
import { defaultSettings, type EngineSettings, parseBinarySize } from '@gantry/engine';
import { builderSettings } from './builder-config.ts';
import { ConfigError } from './config-error.ts';
import type { OptionValues } from './options.ts';

/** Of the keys that `readSettings` reads. */
export const settingDefaults: OptionValues = {
  'authorization-plugins': [],
  builder: '{}',
  debug: defaultSettings.debug,
  'default-cgroupns-mode': '',
  'default-ipc-mode': defaultSettings.defaultIpcMode,
  'default-runtime': defaultSettings.defaultRuntime,
  'default-shm-size': String(defaultSettings.defaultShmSizeBytes),
  features: [],
  'insecure-registries': [],
  labels: [],
  'live-restore': defaultSettings.liveRestore,
  'max-concurrent-downloads': defaultSettings.maxConcurrentDownloads,
  'max-concurrent-uploads': defaultSettings.maxConcurrentUploads,
  'max-download-attempts': defaultSettings.maxDownloadAttempts,
  'registry-mirrors': [],
  runtimes: [],
  'signature-policy': '',
  'shutdown-timeout': defaultSettings.shutdownTimeoutSeconds,
  'trusted-token-services': [],
};

/** The settings that may change while the daemon runs. Throws `ConfigError`, with Docker's words where it has them. */
export function readSettings(values: OptionValues): EngineSettings {
  return Object.freeze({
    debug: values['debug'] === true,
    labels: labels(list(values, 'labels')),
    runtimes: runtimes(list(values, 'runtimes')),
    defaultRuntime: String(values['default-runtime'] ?? ''),
    liveRestore: values['live-restore'] === true,
    shutdownTimeoutSeconds: atLeast(values, 'shutdown-timeout', 0),
    authorizationPlugins: plugins(list(values, 'authorization-plugins')),
    insecureRegistries: list(values, 'insecure-registries'),
    registryMirrors: mirrors(list(values, 'registry-mirrors')),
    trustedTokenServices: list(values, 'trusted-token-services'),
    signaturePolicy: absoluteFile(values, 'signature-policy'),
    maxConcurrentDownloads: atLeast(values, 'max-concurrent-downloads', 1),
    maxConcurrentUploads: atLeast(values, 'max-concurrent-uploads', 1),
    maxDownloadAttempts: atLeast(values, 'max-download-attempts', 1),
    features: features(list(values, 'features')),
    defaultShmSizeBytes: shmSize(String(values['default-shm-size'])),
    defaultIpcMode: ipcMode(String(values['default-ipc-mode'])),
    builder: builderSettings(String(values['builder'])),
    defaultCgroupnsMode: cgroupnsMode(String(values['default-cgroupns-mode'])),
  });
}

function list(values: OptionValues, key: string): readonly string[] {
  const value = values[key];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

function absoluteFile(values: OptionValues, key: string): string {
  const file = String(values[key] ?? '');
  if (file !== '' && !file.startsWith('/'))
    throw new ConfigError(`${key}: '${file}' is not an absolute path`);
  return file;
}

function atLeast(values: OptionValues, key: string, least: number): number {
  const value = values[key];
  if (typeof value !== 'number' || value < least) {
    throw new ConfigError(`invalid ${key.replaceAll('-', ' ')}: ${String(value)}: must be ${least} or more`);
  }
  return value;
}

function shmSize(text: string): number {
  try {
    const bytes = parseBinarySize(text);
    if (bytes > 0) return bytes;
  } catch (error) {
    throw new ConfigError(`default-shm-size: ${errorMessage(error)}`, error);
  }
  throw new ConfigError(`invalid default shm size: ${text}: must be 1 or more`);
}

function ipcMode(mode: string): EngineSettings['defaultIpcMode'] {
  if (mode === 'private' || mode === 'shareable') return mode;
  const known = mode === 'none' || mode === 'host' || mode.startsWith('container:');
  throw new ConfigError(
    known
      ? `IPC mode "${mode}" is not supported as default value; use "shareable" or "private"`
      : `default IPC mode setting (${mode}) is invalid; use "shareable" or "private"`,
  );
}

function cgroupnsMode(mode: string): EngineSettings['defaultCgroupnsMode'] {
  if (mode === '' || mode === 'private' || mode === 'host') return mode;
  throw new ConfigError(`default cgroup namespace mode (${mode}) is invalid; use "host" or "private"`);
}

function labels(texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    if (!/^[^=]+=/.test(text)) throw new ConfigError(`bad attribute format: ${text}`);
  }
  return texts;
}

function mirrors(texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    const url = URL.parse(text);
    const sound = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
    if (!sound) throw new ConfigError(`invalid mirror: unsupported scheme or malformed URL in "${text}"`);
  }
  return texts;
}

/** They become names of socket files. */
function plugins(names: readonly string[]): readonly string[] {
  for (const name of names) {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.:/-]{0,127}$/.test(name) || name.includes('..')) {
      throw new ConfigError(`authorization-plugins: '${name}' is not the name of a plugin`);
    }
  }
  return [...new Set(names)];
}

/** dockerd's features, and what is true of them here. */
const knownFeatures: Readonly<Record<string, boolean>> = {
  buildkit: true,
  cdi: true,
  'containerd-snapshotter': false,
};

function features(entries: readonly string[]): Readonly<Record<string, boolean>> {
  return Object.fromEntries(
    entries.map((entry) => {
      const [name, value] = split(entry, 'features');
      if (value !== 'true' && value !== 'false') {
        throw new ConfigError(`features: '${entry}' is neither ${name}=true nor ${name}=false`);
      }
      const only = Object.hasOwn(knownFeatures, name) ? knownFeatures[name] : undefined;
      if (only === undefined) throw new ConfigError(`features: there is no feature '${name}'`);
      if (value !== String(only)) throw new ConfigError(`features: '${name}' can only be ${only}`);
      return [name, value === 'true'];
    }),
  );
}

function runtimes(entries: readonly string[]): EngineSettings['runtimes'] {
  return Object.fromEntries(
    entries.map((entry) => {
      const [name, value] = split(entry, 'runtimes');
      return [name, value.startsWith('{') ? runtimeOfFile(name, value) : { path: value }];
    }),
  );
}

/** Docker's object: `path` and `runtimeArgs`. A containerd shim (`runtimeType`) is none of ours. */
function runtimeOfFile(name: string, json: string): { path: string; args: readonly string[] } {
  const { path = '', runtimeArgs = [], ...others } = JSON.parse(json) as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw new ConfigError(`invalid runtime ${name}: '${other}' is not built yet: give path and runtimeArgs`);
  }
  const sound = Array.isArray(runtimeArgs) && runtimeArgs.every((item) => typeof item === 'string');
  if (typeof path !== 'string' || !sound) {
    throw new ConfigError(`invalid runtime ${name}: path must be a string and runtimeArgs a list of strings`);
  }
  return { path, args: runtimeArgs };
}

function split(entry: string, key: string): [string, string] {
  const equals = entry.indexOf('=');
  if (equals < 1) throw new ConfigError(`${key}: '${entry}' is not name=value`);
  return [entry.slice(0, equals), entry.slice(equals + 1)];
}
