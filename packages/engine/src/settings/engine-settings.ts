import type { RuntimeChoice } from '@gantry/runtime';
import type { CachePolicy, DefaultBounds } from '../disk/cache-policies.ts';

/** What may be changed while the engine runs: dockerd's reloadable keys. */
export interface EngineSettings {
  readonly debug: boolean;
  /** `key=value`, as `docker info` shows them. */
  readonly labels: readonly string[];
  /** By the names that containers ask for them, beside `crun` and `runc`. */
  readonly runtimes: Readonly<Record<string, RuntimeChoice>>;
  /** Of containers that ask for none; crun when empty, or runc where there is no crun. */
  readonly defaultRuntime: string;
  /** False: containers are stopped when the daemon stops. */
  readonly liveRestore: boolean;
  readonly shutdownTimeoutSeconds: number;
  readonly authorizationPlugins: readonly string[];
  readonly insecureRegistries: readonly string[];
  readonly registryMirrors: readonly string[];
  /** Hosts of token services that get the credentials of any registry that names them. */
  readonly trustedTokenServices: readonly string[];
  /** File of the policy that says which images come only with a signature; none when empty. */
  readonly signaturePolicy: string;
  readonly maxConcurrentDownloads: number;
  readonly maxConcurrentUploads: number;
  readonly maxDownloadAttempts: number;
  readonly features: Readonly<Record<string, boolean>>;
  /** Of /dev/shm of new containers. */
  readonly defaultShmSizeBytes: number;
  /** Of new containers. */
  readonly defaultIpcMode: 'private' | 'shareable';
  readonly builder: BuilderSettings;
  /** Of new containers; that of the host's cgroup version when empty, `private` on v2. */
  readonly defaultCgroupnsMode: '' | 'private' | 'host';
}

/** dockerd's key `builder`. */
export interface BuilderSettings {
  /** How the build cache is collected by itself; `undefined` when it is not, `usual` for BuildKit's own rules. */
  readonly collection:
    | { readonly policies: readonly CachePolicy[] | 'usual'; readonly defaults: DefaultBounds }
    | undefined;
  /** What builds may be granted at all. */
  readonly entitlements: {
    readonly networkHost: boolean;
    readonly securityInsecure: boolean;
    readonly device: boolean;
  };
}

/** As dockerd's: the cache is collected by BuildKit's rules, and nobody is let out of his confinement. */
export const defaultBuilderSettings: BuilderSettings = {
  collection: { policies: 'usual', defaults: { reservedBytes: 0, maxUsedBytes: 0, minFreeBytes: 0 } },
  entitlements: { networkHost: true, securityInsecure: false, device: true },
};

/** Docker's, but for live-restore: our containers outlive their engine unless told otherwise. */
export const defaultSettings: EngineSettings = {
  debug: false,
  labels: [],
  runtimes: {},
  defaultRuntime: '',
  liveRestore: true,
  shutdownTimeoutSeconds: 15,
  authorizationPlugins: [],
  insecureRegistries: [],
  registryMirrors: [],
  trustedTokenServices: [],
  signaturePolicy: '',
  maxConcurrentDownloads: 3,
  maxConcurrentUploads: 5,
  maxDownloadAttempts: 5,
  features: {},
  defaultShmSizeBytes: 64 * 1024 * 1024,
  defaultIpcMode: 'private',
  defaultCgroupnsMode: '',
  builder: defaultBuilderSettings,
};

/** The settings as attributes of Docker's event `daemon reload`. */
export function settingAttributes(settings: EngineSettings, cgroupVersion: 1 | 2): Record<string, string> {
  const { defaultCgroupnsMode: cgroupnsMode } = settings;
  const list = (values: readonly string[]): string => JSON.stringify(values);
  return {
    'authorization-plugins': list(settings.authorizationPlugins),
    debug: String(settings.debug),
    'default-cgroupns-mode': cgroupnsMode === '' ? (cgroupVersion === 2 ? 'private' : 'host') : cgroupnsMode,
    'default-ipc-mode': settings.defaultIpcMode,
    'default-runtime': settings.defaultRuntime,
    'default-shm-size': String(settings.defaultShmSizeBytes),
    features: JSON.stringify(settings.features),
    'insecure-registries': list(settings.insecureRegistries),
    labels: list(settings.labels),
    'live-restore': String(settings.liveRestore),
    'max-concurrent-downloads': String(settings.maxConcurrentDownloads),
    'max-concurrent-uploads': String(settings.maxConcurrentUploads),
    'max-download-attempts': String(settings.maxDownloadAttempts),
    'registry-mirrors': list(settings.registryMirrors),
    runtimes: JSON.stringify(settings.runtimes),
    'signature-policy': settings.signaturePolicy,
    'shutdown-timeout': String(settings.shutdownTimeoutSeconds),
    'trusted-token-services': list(settings.trustedTokenServices),
  };
}
