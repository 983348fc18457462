import type { Resources } from '@gantry/api-types';
import {
  BuildOptionNotBuiltError,
  type BuildRequest,
  InvalidBuildError,
  readAttestations,
} from '@gantry/builder';
import { resourceLimits } from '@gantry/containers';
import { hostPlatform, parsePlatform } from '@gantry/oci';

/** What a client's frontend attributes ask for, as far as they alone say it. */
export type FrontendWish = Pick<
  BuildRequest,
  | 'context'
  | 'dockerfile'
  | 'namedContexts'
  | 'target'
  | 'buildArguments'
  | 'labels'
  | 'attestations'
  | 'platforms'
  | 'multiPlatform'
  | 'noCache'
  | 'noCacheStages'
  | 'cacheFrom'
  | 'pull'
  | 'network'
  | 'extraHosts'
  | 'hostname'
  | 'cgroupParent'
  | 'ulimits'
> & {
  readonly resources: Resources;
  /** 0 for the daemon's default. */
  readonly sharedMemoryBytes: number;
  /** A question instead of a build: `frontend.lint` …; empty otherwise. */
  readonly requestId: string;
};

/** Says nothing that a build of ours would do otherwise. */
const silent = new Set([
  'frontend.caps',
  'cmdline',
  'source',
  'vcs:localdir:context',
  'vcs:localdir:dockerfile',
]);
const silentPrefixes = ['vcs:', 'local-sessionid:', 'input-metadata:', 'input:'];

/**
 * Reads the attributes of a Dockerfile build as BuildKit's clients write them. Throws `InvalidBuildError`, and
 * `BuildOptionNotBuiltError` for those that nobody here knows.
 */
export function readFrontendAttributes(given: ReadonlyMap<string, string>): FrontendWish {
  const attributes = new Attributes(given);
  const path = attributes.take('filename') ?? 'Dockerfile';
  const contextKey = attributes.take('contextkey') ?? 'context';
  const address = attributes.take(contextKey);
  const dockerfileKey = attributes.take('dockerfilekey');
  const noCache = attributes.take('no-cache');
  const isElsewhere = address === undefined || dockerfileKey !== undefined;
  const wish = {
    context:
      address === undefined
        ? { kind: 'client' as const, name: 'context' }
        : { kind: 'address' as const, address },
    dockerfile: isElsewhere
      ? { kind: 'client' as const, name: dockerfileKey ?? 'dockerfile', path }
      : { kind: 'context' as const, path },
    namedContexts: attributes.prefixed('context:'),
    target: attributes.take('target') ?? '',
    buildArguments: attributes.prefixed('build-arg:'),
    labels: attributes.prefixed('label:'),
    attestations: readAttestations(attributes.whole('attest:')),
    platforms: platformsOf(attributes.take('platform')),
    multiPlatform: attributes.flag('multi-platform'),
    noCache: noCache === '',
    noCacheStages: new Set(list(noCache).map((name) => name.toLowerCase())),
    cacheFrom: [
      ...cacheImports(attributes.take('cache-imports')),
      ...registryCaches(attributes.take('cache-from')),
    ],
    pull: attributes.take('image-resolve-mode') === 'pull',
    network: networkOf(attributes.take('force-network-mode')),
    extraHosts: list(attributes.take('add-hosts')).map((entry) => entry.replace('=', ':')),
    hostname: attributes.take('hostname') ?? '',
    cgroupParent: attributes.take('cgroup-parent') ?? '',
    ulimits: ulimitsOf(attributes.take('ulimit')),
    resources: resourcesOf(attributes),
    sharedMemoryBytes: attributes.integer('shm-size') ?? 0,
    requestId: attributes.take('requestid') ?? '',
  };
  attributes.end();
  return wish;
}

class Attributes {
  readonly #left: Map<string, string>;

  constructor(given: ReadonlyMap<string, string>) {
    this.#left = new Map(given);
  }

  take(name: string): string | undefined {
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }

  flag(name: string): boolean {
    const text = this.take(name) ?? '';
    if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
    if (['', '0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
    throw new InvalidBuildError(`invalid boolean value for ${name}: ${text}`);
  }

  integer(name: string): number | undefined {
    const text = this.take(name);
    if (text === undefined || text === '') return undefined;
    if (!/^-?\d{1,15}$/.test(text)) throw new InvalidBuildError(`invalid ${name} value: ${text}`);
    return Number(text);
  }

  /** By what follows the prefix. */
  prefixed(prefix: string): Map<string, string> {
    return new Map([...this.whole(prefix)].map(([name, value]) => [name.slice(prefix.length), value]));
  }

  whole(prefix: string): Map<string, string> {
    const found = [...this.#left].filter(([name]) => name.startsWith(prefix));
    for (const [name] of found) this.#left.delete(name);
    return new Map(found);
  }

  end(): void {
    for (const [name, value] of this.#left) {
      if (value === '' || silent.has(name) || silentPrefixes.some((prefix) => name.startsWith(prefix)))
        continue;
      throw new BuildOptionNotBuiltError(`'${name}' of a build`);
    }
  }
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((item) => item !== '');
}

function platformsOf(text: string | undefined): BuildRequest['platforms'] {
  const names = list(text);
  return names.length === 0 ? [hostPlatform()] : names.map((name) => parsePlatform(name));
}

/** `name=soft[:hard]`, several with commas between. */
function ulimitsOf(text: string | undefined): BuildRequest['ulimits'] {
  return resourceLimits(
    list(text).map((entry) => {
      const [, Name = '', soft, hard = soft] = /^([a-z]+)=(-?\d{1,15})(?::(-?\d{1,15}))?$/.exec(entry) ?? [];
      if (soft === undefined) throw new InvalidBuildError(`invalid ulimit argument: ${entry}`);
      return { Name, Soft: Number(soft), Hard: Number(hard) };
    }),
  );
}

function networkOf(text: string | undefined): string {
  return text === undefined || text === '' || text === 'sandbox' ? 'default' : text;
}

function resourcesOf(attributes: Attributes): Resources {
  const named = {
    Memory: 'memory',
    MemorySwap: 'memswap',
    CpuShares: 'cpushares',
    CpuPeriod: 'cpuperiod',
    CpuQuota: 'cpuquota',
  };
  const numbers = Object.entries(named).flatMap(([field, name]) => {
    const value = attributes.integer(name);
    return value === undefined ? [] : [[field, value]];
  });
  const cpus = attributes.take('cpusetcpus') ?? '';
  const mems = attributes.take('cpusetmems') ?? '';
  return {
    ...Object.fromEntries(numbers),
    ...(cpus !== '' && { CpusetCpus: cpus }),
    ...(mems !== '' && { CpusetMems: mems }),
  };
}

function registryCaches(text: string | undefined): BuildRequest['cacheFrom'] {
  return list(text).map((ref) => ({ type: 'registry', attributes: new Map([['ref', ref]]) }));
}

/** JSON of Go's `[]CacheOptionsEntry`. */
function cacheImports(text: string | undefined): BuildRequest['cacheFrom'] {
  if (text === undefined || text === '') return [];
  const entries = JSON.parse(text) as unknown;
  if (!Array.isArray(entries)) throw new InvalidBuildError('cache-imports is no list');
  return entries.map((entry: { Type?: unknown; Attrs?: Readonly<Record<string, unknown>> }) => ({
    type: String(entry.Type),
    attributes: new Map(Object.entries(entry.Attrs ?? {}).map(([name, value]) => [name, String(value)])),
  }));
}
