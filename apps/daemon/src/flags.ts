import { EngineError } from '@gantry/base';
import { type DaemonOption, daemonOptions, type OptionValue, type OptionValues } from './options.ts';
import { isBooleanFlag, refusalOf } from './unbuilt-options.ts';

export interface Flags {
  values: OptionValues;
  /** `--config-file`: must exist when it is given. */
  configFile?: string;
  mode: 'serve' | 'help' | 'version' | 'doctor' | 'fsck' | 'validate';
  /** With `doctor`: mend what can be mended; with `quiet` say only what is wrong. */
  fix: boolean;
  quiet: boolean;
}

export class FlagError extends EngineError {
  override readonly name = 'FlagError';
  constructor(message: string) {
    super('invalid', 'invalid-flag', message);
  }
}

const switches = ['help', 'version', 'doctor', 'fsck', 'validate', 'fix', 'quiet'] as const;
type Switch = (typeof switches)[number];

/**
 * Parses gantryd's arguments as pflag does: `--flag value`, `--flag=value`, `-Dl debug`, booleans without a value,
 * lists by repetition, the last of several scalars. Throws `FlagError` for an unknown flag or a stray argument.
 */
export function parseFlags(argv: readonly string[]): Flags {
  const flags: Flags = { values: {}, mode: 'serve', fix: false, quiet: false };
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word.startsWith('--')) parseLong(word.slice(2), rest, flags);
    else if (word.startsWith('-') && word.length > 1) parseShort(word.slice(1), rest, flags);
    else throw new FlagError(`gantryd takes no arguments, got '${word}'`);
  }
  return flags;
}

/** The text of `gantryd --help`. */
export function helpText(): string {
  const rows: [string, string][] = daemonOptions.map((option) => [
    `${option.short ? `-${option.short}, ` : '    '}--${option.flag}${option.type === 'boolean' ? '' : ` ${option.type}`}`,
    option.help,
  ]);
  rows.push(
    ['    --config-file string', 'Configuration file (default /etc/gantry/daemon.json)'],
    ['    --doctor [--fix]', 'Check whether this machine can run containers, and mend what can be mended'],
    ['    --fsck', 'Check what an engine that does not run has left; changes nothing'],
    ['    --validate', 'Check the configuration and leave'],
    ['-h, --help', 'Print this'],
    ['-v, --version', 'Print the version'],
  );
  const width = Math.max(...rows.map(([left]) => left.length)) + 3;
  return [
    'Usage:  gantryd [OPTIONS]',
    '',
    'The Gantry container engine.',
    '',
    'Options:',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`),
    '',
  ].join('\n');
}

function parseLong(word: string, rest: string[], flags: Flags): void {
  const equals = word.indexOf('=');
  const name = equals < 0 ? word : word.slice(0, equals);
  const inline = equals < 0 ? undefined : word.slice(equals + 1);
  if (isSwitch(name) && inline === undefined) return setSwitch(name, flags);
  if (name === 'config-file') {
    flags.configFile = inline ?? next(rest, '--config-file');
    return;
  }
  const option = daemonOptions.find((candidate) => candidate.flag === name);
  if (option === undefined) return refuse(name, inline, rest);
  const text = option.type === 'boolean' ? (inline ?? 'true') : (inline ?? next(rest, `--${name}`));
  set(flags.values, option, text, `--${name}`);
}

/** Passes over a flag of dockerd's with the one value that is true anyway; throws for every other. */
function refuse(name: string, inline: string | undefined, rest: string[]): void {
  const value = inline ?? (isBooleanFlag(name) ? 'true' : rest.shift());
  const refusal = refusalOf('flag', name, value);
  if (refusal === undefined) throw new FlagError(`unknown flag: --${name}`);
  if (refusal !== '') throw new FlagError(refusal);
}

function parseShort(word: string, rest: string[], flags: Flags): void {
  for (let index = 0; index < word.length; index += 1) {
    const letter = word.charAt(index);
    if (letter === 'h' || letter === 'v') {
      setSwitch(letter === 'h' ? 'help' : 'version', flags);
      continue;
    }
    const option = daemonOptions.find((candidate) => candidate.short === letter);
    if (option === undefined) throw new FlagError(`unknown shorthand flag: '${letter}' in -${word}`);
    if (option.type === 'boolean') {
      set(flags.values, option, 'true', `-${letter}`);
      continue;
    }
    const inline = word.slice(index + 1).replace(/^=/, '');
    set(flags.values, option, inline === '' ? next(rest, `-${letter}`) : inline, `-${letter}`);
    return;
  }
}

function isSwitch(name: string): name is Switch {
  return switches.some((candidate) => candidate === name);
}

function setSwitch(name: Switch, flags: Flags): void {
  if (name === 'fix' || name === 'quiet') flags[name] = true;
  else flags.mode = name;
}

function next(rest: string[], flag: string): string {
  const value = rest.shift();
  if (value === undefined) throw new FlagError(`flag needs an argument: ${flag}`);
  return value;
}

function set(values: OptionValues, option: DaemonOption, text: string, flag: string): void {
  values[option.key] = parseValue(option, text, flag, values[option.key]);
}

/** Reads an option's text, from a flag or the environment (`source` names it in errors). */
export function parseValue(
  option: DaemonOption,
  text: string,
  source: string,
  previous?: OptionValue,
): OptionValue {
  switch (option.type) {
    case 'builder':
    case 'string':
    case 'size':
      return text;
    case 'boolean':
      if (text !== 'true' && text !== 'false') {
        throw new FlagError(`invalid argument "${text}" for ${source}: true or false`);
      }
      return text === 'true';
    case 'integer': {
      if (!/^-?\d{1,9}$/.test(text)) {
        throw new FlagError(`invalid argument "${text}" for ${source}: a whole number`);
      }
      return Number(text);
    }
    case 'map':
    case 'maps':
    case 'objects':
    case 'runtimes':
    case 'ulimits':
      if (!text.includes('=')) throw new FlagError(`invalid argument "${text}" for ${source}: name=value`);
      return appended(previous, text);
    case 'list':
      return appended(previous, text);
  }
}

function appended(previous: OptionValue | undefined, text: string): readonly string[] {
  return [...(Array.isArray(previous) ? (previous as readonly string[]) : []), text];
}
