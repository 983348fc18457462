import { parseByteSize } from '@gantry/base';
import { CommandError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';
import { parseKeyValues } from '../options/key-values.ts';
import type { CacheOption } from './options/caches.ts';

export interface AttributeSources {
  readonly flags: FlagValues;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `NAME=value` of the configured proxies. */
  readonly proxies: readonly string[];
  readonly attestations: ReadonlyMap<string, string>;
  readonly cacheImports: readonly CacheOption[];
}

/** What BuildKit's Dockerfile frontend is told by the flags of a build, beside where the files are. Throws `CommandError`. */
export function frontendAttributes(sources: AttributeSources): Map<string, string> {
  const { flags, attestations, cacheImports } = sources;
  const attributes = new Map<string, string>(attestations);
  const set = (name: string, value: string | undefined): void => void (value && attributes.set(name, value));
  set('target', flags.string('target'));
  set('platform', platformsOf(sources).join(','));
  set('cgroup-parent', flags.string('cgroup-parent'));
  set('force-network-mode', networkMode(flags.string('network')));
  set('add-hosts', hostsOf(flags.list('add-host')));
  set('shm-size', sizeOf(flags.string('shm-size')));
  set('ulimit', flags.list('ulimit').map(ulimitOf).join(','));
  attributes.set('image-resolve-mode', flags.boolean('pull') ? 'pull' : 'local');
  if (flags.boolean('no-cache')) attributes.set('no-cache', '');
  else set('no-cache', flags.list('no-cache-filter').join(','));
  for (const [name, value] of buildArguments(sources)) attributes.set(`build-arg:${name}`, value);
  for (const [name, value] of Object.entries(parseKeyValues(flags.list('label')))) {
    attributes.set(`label:${name}`, value);
  }
  if (cacheImports.length > 0) {
    const entries = cacheImports.map(({ type, attributes: of }) => ({
      Type: type,
      Attrs: Object.fromEntries(of),
    }));
    attributes.set('cache-imports', JSON.stringify(entries));
  }
  return attributes;
}

/** `--platform`, several of them too, else `DOCKER_DEFAULT_PLATFORM`. */
export function platformsOf({
  flags,
  environment,
}: Pick<AttributeSources, 'flags' | 'environment'>): string[] {
  const given =
    flags.list('platform').length > 0
      ? flags.list('platform')
      : [environment['DOCKER_DEFAULT_PLATFORM'] ?? ''];
  return given.flatMap((text) => text.split(',')).filter((text) => text !== '');
}

/** `--build-arg NAME` takes the value from the environment; without one there it is left out. */
function buildArguments({ flags, environment, proxies }: AttributeSources): Map<string, string> {
  const values = new Map<string, string>();
  for (const text of [...proxies, ...flags.list('build-arg')]) {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? environment[text] : text.slice(equals + 1);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

function networkMode(mode: string): string {
  if (mode === '' || mode === 'default') return '';
  if (mode === 'host' || mode === 'none') return mode;
  throw new CommandError(1, `ERROR: network mode ${JSON.stringify(mode)} not supported by buildkit`);
}

/** `name:address` and `name=address`, as BuildKit has them: `name=address`. */
function hostsOf(given: readonly string[]): string {
  return given
    .map((text) => {
      const at = text.search(/[:=]/);
      if (at < 1) throw new CommandError(1, `ERROR: invalid host ${text}`);
      return `${text.slice(0, at)}=${text.slice(at + 1).replace(/^\[(.*)\]$/, '$1')}`;
    })
    .join(',');
}

function sizeOf(text: string): string {
  const sizeBytes = text === '' || text === '0' ? 0 : parseByteSize(text);
  return sizeBytes > 0 ? String(sizeBytes) : '';
}

/** `nofile=1024` stands for both limits. */
function ulimitOf(text: string): string {
  return text.includes(':') ? text : `${text}:${text.split('=')[1] ?? ''}`;
}
