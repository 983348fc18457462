import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { errorMessage } from '@gantry/base';
import { type DaemonConfig, loadConfig } from '../src/config.ts';
import { parseFlags } from '../src/flags.ts';
import { daemonOptions } from '../src/options.ts';
import { type DockerdOption, dockerdOptions } from './dockerd-options.ts';

/** Those that certificates come with: one alone is refused. */
const tlsFlags = ['--tlscacert=/ca.pem', '--tlscert=/cert.pem', '--tlskey=/key.pem'];

/**
 * Prints, as JSON, what becomes of every flag of dockerd and of every key of its daemon.json, tried on gantryd's own reader of
 * them; `scripts/check-coverage.ts` runs it.
 */
process.stdout.write(JSON.stringify(probeOptions()));

/** What becomes of an option: nothing to say when it works. */
interface ProbedOption {
  /** `--flag`, or the name of a key. */
  name: string;
  /** Where it is told, of several: `flag` or `key`. */
  place: 'flag' | 'key';
  /** Empty when it works. */
  refusal: string;
  /** It is taken and changes nothing. */
  ignored: boolean;
}

interface ProbedDaemon {
  /** Of dockerd. */
  options: readonly ProbedOption[];
  /** Flags and keys that dockerd does not have. */
  own: readonly { flag: string; key: string; help: string }[];
}

function probeOptions(): ProbedDaemon {
  const folder = mkdtempSync(path.join(tmpdir(), 'gantry-options-'));
  const file = path.join(folder, 'daemon.json');
  try {
    writeFileSync(file, '{}');
    const options = dockerdOptions.flatMap((option) => [
      ...(option.flag === '' ? [] : [probeFlag(option, file)]),
      ...(option.key === '' ? [] : [probeKey(option, path.join(folder, 'tried.json'), file)]),
    ]);
    const known = new Set(dockerdOptions.map(({ key }) => key));
    const flags = new Set(dockerdOptions.map(({ flag }) => flag));
    const own = daemonOptions.filter(({ key, flag }) => !known.has(key) && !flags.has(flag));
    return { options, own: own.map(({ flag, key, help }) => ({ flag, key, help })) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function probeFlag({ flag, text }: DockerdOption, emptyFile: string): ProbedOption {
  const place = { name: `--${flag}`, place: 'flag' } as const;
  if (text === '') return { ...place, ...probeMode(flag) };
  const plain = ['--config-file', emptyFile];
  return {
    ...place,
    ...outcome(() => load([...plain, ...companions(flag), `--${flag}=${text}`]), load(plain)),
  };
}

function probeKey({ key, value }: DockerdOption, file: string, emptyFile: string): ProbedOption {
  writeFileSync(file, JSON.stringify({ [key]: value }));
  const inner = key === 'proxies' ? `.${Object.keys(value as object)[0] ?? ''}` : '';
  const tried = outcome(
    () => load(['--config-file', file, ...companions(key)]),
    load(['--config-file', emptyFile]),
  );
  return { name: `${key}${inner}`, place: 'key', ...tried };
}

/** Flags that are no configuration. */
function probeMode(flag: string): { refusal: string; ignored: boolean } {
  if (flag === 'config-file') {
    return outcome(() => parseFlags(['--config-file', '/x']).configFile, parseFlags([]).configFile);
  }
  return outcome(() => parseFlags([`--${flag}`]).mode, parseFlags([]).mode);
}

function outcome(tried: () => unknown, plain: unknown): { refusal: string; ignored: boolean } {
  try {
    return { refusal: '', ignored: isDeepStrictEqual(tried(), plain) };
  } catch (error) {
    return { refusal: errorMessage(error).replace(/^\S*\/tried\.json: /, ''), ignored: false };
  }
}

/** What has to be said with an option for it to mean something. */
function companions(name: string): string[] {
  if (name === 'tls') return ['--tlsverify=false'];
  if (!name.startsWith('tls')) return [];
  const others = tlsFlags.filter((flag) => !flag.startsWith(`--${name}=`));
  return name === 'tlsverify' ? tlsFlags : [...others, '--tlsverify'];
}

function load(argv: readonly string[]): DaemonConfig {
  return loadConfig(parseFlags(argv), {});
}
