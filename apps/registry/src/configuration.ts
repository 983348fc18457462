import { readFileSync } from 'node:fs';
import { errorMessage } from '@gantry/base';
import { type RegistrySettings, readRegistrySettings, registryKeys } from '@gantry/registry';
import { CommandLineError } from './command-line-error.ts';

type Fields = Record<string, unknown>;

const defaultFile = '/etc/gantry/registry.json';
const maxFileBytes = 1 << 20;
const environmentPrefix = 'GANTRY_REGISTRY_';

export const configurationHelp: string = `Options:
      --config FILE         Configuration (JSON; default ${defaultFile}, where it is there)
      --KEY[=VALUE]         A setting: --root /srv/registry, --listen 0.0.0.0:5000 (repeatable), --open
      --KEY.KEY=VALUE       One within a section: --garbage-collection.grace=1h
Keys: ${registryKeys.join(', ')}
In the environment a setting is ${environmentPrefix}ROOT, or ${environmentPrefix}GARBAGE_COLLECTION__GRACE.`;

/**
 * Puts the settings together: defaults < file < environment < flags. Throws `CommandLineError`, and `RegistrySettingsError` for
 * what no setting may be, wherever it came from.
 */
export function loadSettings(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): RegistrySettings {
  const { file, values } = parseWords(words);
  const named = file ?? environment[`${environmentPrefix}CONFIG`];
  const fields = readFile(named ?? defaultFile, named !== undefined);
  for (const [keys, value] of fromEnvironment(environment)) put(fields, keys, value);
  for (const [keys, value] of values) put(fields, keys, value);
  return readRegistrySettings(fields);
}

type Setting = readonly [keys: readonly string[], value: unknown];

function parseWords(words: readonly string[]): { file?: string; values: Setting[] } {
  const rest = [...words];
  const values: Setting[] = [];
  const lists = new Map<string, string[]>();
  let file: string | undefined;
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const match = /^--([a-z][a-z.-]*)(?:=(.*))?$/s.exec(word);
    if (match === null) throw new CommandLineError(`unknown argument: ${word}`);
    const [, name = '', inline] = match;
    const text = inline ?? (isSwitch(rest) ? 'true' : rest.shift());
    if (name === 'config') file = text;
    else if (name === 'listen') lists.set(name, [...(lists.get(name) ?? []), text ?? '']);
    else values.push([name.split('.'), valueOf(text ?? '')]);
  }
  for (const [name, texts] of lists) values.push([[name], texts]);
  return { ...(file === undefined ? {} : { file }), values };
}

/** A flag that is the last word, or before another one, has no value. */
function isSwitch([next]: readonly string[]): boolean {
  return next === undefined || next.startsWith('--');
}

function* fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Generator<Setting> {
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(environmentPrefix) || text === undefined || text === '') continue;
    const keys = name
      .slice(environmentPrefix.length)
      .split('__')
      .map((word) => word.toLowerCase().replaceAll('_', '-'));
    if (keys[0] === 'config') continue;
    yield [keys, keys[0] === 'listen' ? text.split(',') : valueOf(text)];
  }
}

/** What reads as JSON is that, but for texts that only look like it: an address begins with a number too. */
function valueOf(text: string): unknown {
  if (!/^(?:true|false|null|-?\d+|\[.*\]|\{.*\})$/s.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function put(fields: Fields, keys: readonly string[], value: unknown): void {
  let at = fields;
  for (const key of keys.slice(0, -1)) {
    const inner = Object.hasOwn(at, key) ? at[key] : undefined;
    const section: Fields = isObject(inner) ? { ...inner } : {};
    at[key] = section;
    at = section;
  }
  const [last = ''] = keys.slice(-1);
  Object.defineProperty(at, last, { value, enumerable: true, configurable: true, writable: true });
}

function readFile(file: string, isNamed: boolean): Fields {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (!isNamed && error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new CommandLineError(`cannot read the configuration ${file}: ${errorMessage(error)}`);
  }
  if (text.length > maxFileBytes) throw new CommandLineError(`${file}: larger than ${maxFileBytes} bytes`);
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch (error) {
    throw new CommandLineError(`${file}: not JSON: ${errorMessage(error)}`);
  }
  if (!isObject(fields)) throw new CommandLineError(`${file}: not a JSON object`);
  return fields;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
