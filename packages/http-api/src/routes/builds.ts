import { errorMessage } from '@gantry/base';
import type { BuildBackend, BuildOptions } from '../backends/build-backend.ts';
import { InvalidRequestError, NotBuiltError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { streamBody } from '../wire/body.ts';
import { platformFromText } from '../wire/platform.ts';
import { streamProgress } from '../wire/progress-stream.ts';
import { bounded, type Query } from '../wire/query.ts';
import { parseRegistryAuths } from '../wire/registry-auth.ts';
import type { Route } from './route.ts';

/** `docker build` without a session: what docker's CLI without buildx, and Compose without bake, send. */
export function buildRoutes(builds: BuildBackend): Route[] {
  return [
    { method: 'POST', path: '/build', streamsBody: true, handle: (exchange) => build(builds, exchange) },
  ];
}

async function build(builds: BuildBackend, exchange: Exchange): Promise<void> {
  const { query, request, signal } = exchange;
  refuseUnbuilt(query);
  refuseJson(request.headers['content-type']);
  const options = buildOptions(query);
  const credentials = parseRegistryAuths(request.headers['x-registry-config']);
  const quiet = query.flag('q');
  await streamProgress(exchange, async (onProgress) => {
    const onText = (text: string): void => (quiet ? undefined : onProgress({ stream: text }));
    const { id } = await builds.build(streamBody(exchange), { ...options, credentials, onText, signal });
    if (quiet) onProgress({ stream: `${id}\n` });
    else onProgress({ aux: { ID: id } });
  });
}

/** Nothing that a client asks for is passed over in silence. */
function refuseUnbuilt(query: Query): void {
  const wanted: readonly (readonly [boolean, string])[] = [
    [query.text('version') === '2', 'a build by BuildKit (version=2)'],
    [query.text('remote') !== '', "a context that the daemon fetches ('remote')"],
    [!query.flag('forcerm') && !query.flag('rm', true), "keeping intermediate containers ('rm=0')"],
    [query.flag('squash'), "squashing layers ('squash')"],
    [query.text('outputs') !== '', "outputs other than an image ('outputs')"],
    [!['', 'null', '[]'].includes(query.text('securityopt')), "'securityopt' of a build"],
    [!['', 'default'].includes(query.text('isolation')), "'isolation' of a build"],
    [query.text('session') !== '', "a build with a session ('session')"],
  ];
  const found = wanted.find(([asked]) => asked);
  if (found !== undefined) throw new NotBuiltError(found[1]);
}

/** A context is an archive, whatever its clients call that. Throws `InvalidRequestError`. */
function refuseJson(contentType: string | undefined): void {
  if (contentType?.startsWith('application/json') !== true) return;
  throw new InvalidRequestError('the context of a build is a tar archive: Content-type is application/x-tar');
}

function buildOptions(query: Query): Omit<BuildOptions, 'credentials' | 'onText' | 'signal'> {
  const platform = platformFromText(query);
  return {
    dockerfile: query.text('dockerfile') || 'Dockerfile',
    tags: query.all('t').filter((tag) => tag !== ''),
    target: query.text('target'),
    buildArguments: jsonMap(query, 'buildargs', (value) => (value === null ? undefined : value)),
    labels: jsonMap(query, 'labels', (value) => value ?? ''),
    ...(platform && { platform }),
    noCache: query.flag('nocache'),
    pull: query.flag('pull'),
    networkMode: query.text('networkmode'),
    extraHosts: query
      .text('extrahosts')
      .split(',')
      .filter((host) => host !== ''),
    resources: resourcesOf(query),
    sharedMemoryBytes: query.integer('shmsize') ?? 0,
    cacheFrom: jsonList(query, 'cachefrom', 'string'),
    cgroupParent: query.text('cgroupparent'),
    ulimits: jsonList(query, 'ulimits', 'object'),
  };
}

function resourcesOf(query: Query): BuildOptions['resources'] {
  const { Memory, MemorySwap, CpuShares, CpuPeriod, CpuQuota } = {
    Memory: query.integer('memory'),
    MemorySwap: query.integer('memswap'),
    CpuShares: query.integer('cpushares'),
    CpuPeriod: query.integer('cpuperiod'),
    CpuQuota: query.integer('cpuquota'),
  };
  return {
    ...(Memory && { Memory }),
    ...(MemorySwap && { MemorySwap }),
    ...(CpuShares && { CpuShares }),
    ...(CpuPeriod && { CpuPeriod }),
    ...(CpuQuota && { CpuQuota }),
    ...(query.text('cpusetcpus') !== '' && { CpusetCpus: query.text('cpusetcpus') }),
    ...(query.text('cpusetmems') !== '' && { CpusetMems: query.text('cpusetmems') }),
  };
}

/** A JSON list in a parameter, whose items are of one kind. Throws `InvalidRequestError`. */
function jsonList<T extends string | object>(query: Query, name: string, kind: 'string' | 'object'): T[] {
  const text = query.text(name);
  if (text === '') return [];
  try {
    const value: unknown = JSON.parse(text) ?? [];
    if (!Array.isArray(value)) throw new TypeError('it is no list');
    if (value.some((item) => item === null || typeof item !== kind))
      throw new TypeError(`an item is no ${kind}`);
    return value as T[];
  } catch (error) {
    throw new InvalidRequestError(`error reading ${name} ${bounded(text)}: ${errorMessage(error)}`);
  }
}

/** A JSON object of strings (or nulls) in a parameter. Throws `InvalidRequestError`. */
function jsonMap<T>(query: Query, name: string, read: (value: string | null) => T): ReadonlyMap<string, T> {
  const text = query.text(name);
  if (text === '') return new Map();
  try {
    const value: unknown = JSON.parse(text);
    const entries = Object.entries(value ?? {}).map(([key, item]) => {
      if (item !== null && typeof item !== 'string') throw new TypeError(`${key} is no string`);
      return [key, read(item)] as const;
    });
    return new Map(entries);
  } catch (error) {
    throw new InvalidRequestError(`error reading ${name} ${bounded(text)}: ${errorMessage(error)}`);
  }
}
