import { readFileSync } from 'node:fs';
import { errorMessage } from '@gantry/base';
import { maskedUrl } from '@gantry/engine';
import { ConfigError } from './config-error.ts';
import { type DaemonOption, daemonOptions, type OptionValue, type OptionValues } from './options.ts';
import { ulimitFlag } from './ulimit-config.ts';
import { refusalOf } from './unbuilt-options.ts';

export const defaultConfigFile = '/etc/gantry/daemon.json';
const maxConfigBytes = 1024 * 1024;

export interface ConfigFileRequest {
  file: string;
  /** False: a file that is not there is an empty one. */
  required: boolean;
  /** What the flags said: a key in both places is refused, as dockerd does. */
  flagValues: OptionValues;
}

/**
 * Reads daemon.json. Throws `ConfigError` with Docker's words for keys that match no option, and for those that are flags
 * too; with ours for a file that is unreadable, too large or malformed, and for a value of the wrong shape.
 */
export function readConfigFile({ file, required, flagValues }: ConfigFileRequest): OptionValues {
  const parsed = withoutGroups(file, parseFile(file, required));
  const unable = `unable to configure the daemon with file ${file}`;
  const unknown = Object.keys(parsed).filter(
    (key) => optionOf(key) === undefined && refusalOf('key', key, parsed[key]) === undefined,
  );
  if (unknown.length > 0) {
    throw new ConfigError(
      `${unable}: the following directives don't match any configuration option: ${unknown.join(', ')}`,
    );
  }
  const both = Object.keys(parsed).filter((key) => Object.hasOwn(flagValues, key));
  if (both.length > 0) {
    const told = both.map(
      (key) => `${key}: (from flag: ${shown(flagValues[key])}, from file: ${shown(parsed[key])})`,
    );
    throw new ConfigError(
      `${unable}: the following directives are specified both as a flag and in the configuration file: ${told.join(', ')}`,
    );
  }
  return Object.fromEntries(
    Object.entries(parsed).flatMap(([key, value]) => {
      const option = optionOf(key);
      if (option !== undefined) return [[key, fileValue(file, option, value)]];
      const refusal = refusalOf('key', key, value);
      if (refusal !== undefined && refusal !== '') throw new ConfigError(`${file}: ${refusal}`);
      return [];
    }),
  );
}

function optionOf(key: string): DaemonOption | undefined {
  return daemonOptions.find((candidate) => candidate.key === key);
}

/** As Go prints a list or a scalar. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(' ')}]`;
  return typeof value === 'string' ? maskedUrl(value) : JSON.stringify(value);
}

/** The keys of `proxies` stand beside the others; outside of it they are unknown, as to dockerd. */
function withoutGroups(file: string, parsed: Record<string, unknown>): Record<string, unknown> {
  const grouped = daemonOptions.filter(({ within }) => within !== undefined);
  const isLost = (key: string): boolean => grouped.some((option) => option.key === key);
  const lifted = Object.entries(parsed).flatMap(([key, value]): [string, unknown][] => {
    if (isLost(key)) return [[`${key} (outside of '${optionOf(key)?.within ?? ''}')`, value]];
    if (!grouped.some(({ within }) => within === key)) return [[key, value]];
    if (!isObject(value)) throw new ConfigError(`${file}: '${key}' must be an object`);
    return Object.entries(value).map(([name, inner]) => [isLost(name) ? name : `${key}.${name}`, inner]);
  });
  return Object.fromEntries(lifted);
}

function parseFile(file: string, required: boolean): Record<string, unknown> {
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
  if (!isObject(parsed)) throw new ConfigError(`${file}: not a JSON object`);
  return parsed;
}

function fileValue(file: string, { key, type }: DaemonOption, value: unknown): OptionValue {
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'builder':
      if (isObject(value)) return JSON.stringify(value);
      break;
    case 'size':
      if (typeof value === 'string' || Number.isInteger(value)) return String(value);
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
      if (isObject(value) && Object.values(value).every(isScalar)) {
        return Object.entries(value).map(([name, item]) => `${name}=${String(item)}`);
      }
      break;
    case 'maps':
      if (isObject(value)) {
        return Object.entries(value).flatMap(([name, inner]) => {
          if (!isObject(inner) || !Object.values(inner).every(isScalar)) throw wrongShape(file, key, type);
          return Object.entries(inner).map(([option, item]) => `${name}=${option}=${String(item)}`);
        });
      }
      break;
    case 'objects':
      if (Array.isArray(value) && value.every(isFlatObject)) return value.map(asFlag);
      break;
    case 'ulimits':
      if (isObject(value)) return Object.entries(value).map(([name, limit]) => ulimitFlag(name, limit));
      break;
    case 'runtimes':
      if (isObject(value)) {
        return Object.entries(value).map(([name, choice]) => `${name}=${JSON.stringify(choice)}`);
      }
      break;
  }
  throw wrongShape(file, key, type);
}

function wrongShape(file: string, key: string, type: DaemonOption['type']): ConfigError {
  return new ConfigError(`${file}: '${key}' must be a ${shapes[type] ?? type}`);
}

const shapes: Partial<Record<DaemonOption['type'], string>> = {
  maps: 'map of maps',
  objects: 'list of objects',
  size: 'size in bytes or with a unit',
  builder: 'object',
  ulimits: 'map of limits',
};

function isFlatObject(value: unknown): value is Record<string, unknown> {
  return isObject(value) && Object.values(value).every(isScalar);
}

/** `base=10.10.0.0/16,size=24` */
function asFlag(value: Record<string, unknown>): string {
  return Object.entries(value)
    .map(([name, field]) => `${name}=${String(field)}`)
    .join(',');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return ['string', 'boolean', 'number'].includes(typeof value);
}
