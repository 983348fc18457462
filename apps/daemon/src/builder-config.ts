import { errorMessage, parseGoDuration } from '@gantry/base';
import {
  type BuilderSettings,
  type CachePolicy,
  checkCacheFilters,
  type DefaultBounds,
  defaultBuilderSettings,
  parseBinarySize,
} from '@gantry/engine';
import { ConfigError } from './config-error.ts';

type Fields = Record<string, unknown>;

/**
 * Reads dockerd's key `builder`: `gc` (`enabled`, `policy`, `defaultReservedSpace` or the older `defaultKeepStorage`,
 * `defaultMaxUsedSpace`, `defaultMinFreeSpace`) and `entitlements`. Throws `ConfigError` for what it does not have.
 */
export function builderSettings(json: string): BuilderSettings {
  const { gc, entitlements } = known('builder', parsed(json), ['gc', 'entitlements']);
  return { collection: collectionOf(gc), entitlements: entitlementsOf(entitlements) };
}

function collectionOf(value: unknown): BuilderSettings['collection'] {
  const fields = known('builder.gc', value ?? {}, [
    'enabled',
    'policy',
    'defaultKeepStorage',
    'defaultReservedSpace',
    'defaultMaxUsedSpace',
    'defaultMinFreeSpace',
  ]);
  if (!flag('builder.gc.enabled', fields['enabled'], true)) return undefined;
  const defaults: DefaultBounds = {
    reservedBytes: size('builder.gc', fields, ['defaultReservedSpace', 'defaultKeepStorage']),
    maxUsedBytes: size('builder.gc', fields, ['defaultMaxUsedSpace']),
    minFreeBytes: size('builder.gc', fields, ['defaultMinFreeSpace']),
  };
  const { policy } = fields;
  if (policy === undefined || policy === null) return { policies: 'usual', defaults };
  if (!Array.isArray(policy)) throw new ConfigError("'builder.gc.policy' must be a list");
  return { policies: policy.map((rule) => ruleOf(rule, defaults)), defaults };
}

/** A rule that says no size has the defaults. */
function ruleOf(value: unknown, defaults: DefaultBounds): CachePolicy {
  const name = 'builder.gc.policy';
  const names = [
    'all',
    'filter',
    'keepDuration',
    'keepStorage',
    'reservedSpace',
    'maxUsedSpace',
    'minFreeSpace',
  ];
  const fields = known(name, value, names);
  const own = {
    reservedBytes: size(name, fields, ['reservedSpace', 'keepStorage']),
    maxUsedBytes: size(name, fields, ['maxUsedSpace']),
    minFreeBytes: size(name, fields, ['minFreeSpace']),
  };
  const says = Object.values(own).some((bytes) => bytes > 0);
  const { keepDuration } = fields;
  const age = keepDuration === undefined ? [] : [['unused-for', ageOf(keepDuration)] as const];
  const filters = new Map<string, string[]>();
  for (const [key, text] of [...filterPairs(fields['filter']), ...age])
    filters.set(key, [...(filters.get(key) ?? []), text]);
  try {
    checkCacheFilters(filters);
  } catch (error) {
    throw new ConfigError(`${name}: ${errorMessage(error)}`, error);
  }
  return { all: flag(`${name}.all`, fields['all'], false), filters, ...(says ? own : defaults) };
}

/** `["type=exec.cachemount"]`, or as the Engine API has filters: `{"type": {"exec.cachemount": true}}`. */
function filterPairs(value: unknown): (readonly [string, string])[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return value
      .flatMap((text) => text.split(','))
      .map((text) => {
        const [, key = '', turned = '', item = ''] = /^([a-z-]+)(!?)(?:==?|~=)(.*)$/.exec(text) ?? [];
        if (key === '') throw new ConfigError(`builder.gc.policy: '${text}' is no filter`);
        return [key + turned, item];
      });
  }
  if (isFields(value))
    return Object.entries(value).flatMap(([key, items]) =>
      isFields(items) ? Object.keys(items).map((item) => [key, item] as const) : [],
    );
  throw new ConfigError("'builder.gc.policy.filter' must be a list of filters");
}

function entitlementsOf(value: unknown): BuilderSettings['entitlements'] {
  const name = 'builder.entitlements';
  const fields = known(name, value ?? {}, ['network-host', 'security-insecure', 'device']);
  const usual = defaultBuilderSettings.entitlements;
  return {
    networkHost: flag(`${name}.network-host`, fields['network-host'], usual.networkHost),
    securityInsecure: flag(`${name}.security-insecure`, fields['security-insecure'], usual.securityInsecure),
    device: flag(`${name}.device`, fields['device'], usual.device),
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new ConfigError(`builder: not JSON: ${errorMessage(error)}`, error);
  }
}

function known(name: string, value: unknown, names: readonly string[]): Fields {
  if (!isFields(value)) throw new ConfigError(`'${name}' must be an object`);
  const other = Object.keys(value).find((key) => !names.includes(key));
  if (other !== undefined)
    throw new ConfigError(`the following directives don't match any configuration option: ${name}.${other}`);
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function flag(name: string, value: unknown, usual: boolean): boolean {
  if (value === undefined || value === null) return usual;
  if (typeof value === 'boolean') return value;
  throw new ConfigError(`'${name}' must be a boolean`);
}

/** Of the first name that is said; 0 for none. */
function size(name: string, fields: Fields, names: readonly string[]): number {
  for (const key of names) {
    const value = fields[key];
    if (value === undefined || value === null || value === '') continue;
    try {
      if (typeof value === 'number' || typeof value === 'string') return parseBinarySize(String(value));
    } catch (error) {
      throw new ConfigError(`${name}.${key}: ${errorMessage(error)}`, error);
    }
    throw new ConfigError(`'${name}.${key}' must be a size in bytes or with a unit`);
  }
  return 0;
}

/** Seconds as a number, as BuildKit's own file has them, or Go's duration. */
function ageOf(value: unknown): string {
  const text = typeof value === 'number' ? `${value}s` : String(value);
  try {
    parseGoDuration(text);
    return text;
  } catch (error) {
    throw new ConfigError(`builder.gc.policy.keepDuration: ${errorMessage(error)}`, error);
  }
}
