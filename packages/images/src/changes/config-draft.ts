import { posix } from 'node:path';
import type { CommandLine, ExpandedText, FromInstruction, Instruction, KeyValue } from '@gantry/dockerfile';
import type { ImageRunConfig } from '@gantry/oci';
import { InvalidChangeError } from '../errors.ts';
import { readExposedPorts } from './exposed-ports.ts';

const names = [
  'CMD',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'HEALTHCHECK',
  'LABEL',
  'ONBUILD',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
] as const;

/** The names of the instructions that change an image's config and nothing else. */
export const configInstructions: ReadonlySet<string> = new Set(names);

export type ConfigInstruction = Extract<Instruction, { name: (typeof names)[number] }>;

/** Puts variables into a text and takes its quotes away. Throws what its maker throws. */
export type Expand = (text: string) => ExpandedText;

const signalGrammar = /^(?:\d{1,2}|(?:SIG)?[A-Z]+\d?(?:[+-]\d{1,2})?)$/i;

export function isConfigInstruction(
  instruction: Instruction | FromInstruction,
): instruction is ConfigInstruction {
  return configInstructions.has(instruction.name);
}

/** An image's config while the instructions of one stage, or of one commit, are applied to it in order. */
export class ConfigDraft {
  readonly config: ImageRunConfig;
  /** A CMD among the instructions: an ENTRYPOINT keeps it then, and clears an inherited one. */
  #commandSet = false;

  /** Works on a copy. */
  constructor(config: ImageRunConfig) {
    this.config = structuredClone(config);
  }

  /** `NAME=value` of the config as a look-up. */
  variable(name: string): string | undefined {
    const entry = this.config.Env?.find((text) => nameOf(text) === name);
    return entry?.slice(name.length + 1);
  }

  /** Throws `InvalidChangeError` in Docker's words for a value that is none once its variables are known. */
  apply(instruction: ConfigInstruction, expand: Expand): void {
    const { config } = this;
    switch (instruction.name) {
      case 'CMD':
        config.Cmd = this.#command(instruction, 'CMD');
        this.#commandSet = true;
        return;
      case 'ENTRYPOINT':
        config.Entrypoint = this.#command(instruction, 'ENTRYPOINT');
        if (!this.#commandSet) delete config.Cmd;
        return;
      case 'ENV':
        for (const { key, value } of expandPairs(instruction, expand)) this.#setVariable(key, value);
        return;
      case 'LABEL':
        for (const { key, value } of expandPairs(instruction, expand))
          config.Labels = { ...config.Labels, [key]: value };
        return;
      case 'EXPOSE':
        config.ExposedPorts = { ...config.ExposedPorts, ...namesOf(exposed(instruction.ports, expand)) };
        return;
      case 'VOLUME':
        config.Volumes = { ...config.Volumes, ...namesOf(expandVolumes(instruction.volumes, expand)) };
        return;
      case 'WORKDIR':
        config.WorkingDir = posix.resolve(config.WorkingDir || '/', expand(instruction.path).text);
        return;
      case 'USER':
        config.User = expand(instruction.user).text;
        return;
      case 'STOPSIGNAL':
        config.StopSignal = signalOf(expand(instruction.signal).text);
        return;
      case 'SHELL':
        config.Shell = [...instruction.shell];
        return;
      case 'ONBUILD':
        config.OnBuild = [...(config.OnBuild ?? []), instruction.trigger];
        return;
      case 'HEALTHCHECK':
        config.Healthcheck = { ...instruction.healthcheck, Test: [...instruction.healthcheck.Test] };
    }
  }

  /** The words of a command, behind the shell where it is for one. */
  withShell({ words, shell }: CommandLine): string[] {
    return shell ? [...(this.config.Shell ?? ['/bin/sh', '-c']), ...words] : [...words];
  }

  #command(line: CommandLine, name: string): string[] {
    if (line.shell && line.words.length === 0)
      throw new InvalidChangeError(`${name} requires at least one argument`, name);
    return this.withShell(line);
  }

  #setVariable(name: string, value: string): void {
    const entries = [...(this.config.Env ?? [])];
    const at = entries.findIndex((entry) => nameOf(entry) === name);
    if (at < 0) entries.push(`${name}=${value}`);
    else entries[at] = `${name}=${value}`;
    this.config.Env = entries;
  }
}

function expandPairs(
  { name, pairs }: ConfigInstruction & { pairs: readonly KeyValue[] },
  expand: Expand,
): KeyValue[] {
  // All values are those from before the instruction.
  return pairs.map((pair) => {
    const key = expand(pair.key).text;
    if (key === '') throw new InvalidChangeError(`${name} names can not be blank`, name);
    return { key, value: expand(pair.value).text };
  });
}

function exposed(words: readonly string[], expand: Expand): string[] {
  return words.flatMap((word) => expand(word).words).flatMap((word) => readExposedPorts(word).ports);
}

function expandVolumes(volumes: readonly string[], expand: Expand): string[] {
  const paths = volumes.map((volume) => expand(volume).text.trim());
  if (paths.includes(''))
    throw new InvalidChangeError('VOLUME specified can not be an empty string', 'VOLUME');
  return paths;
}

function signalOf(signal: string): string {
  if (signalGrammar.test(signal)) return signal;
  throw new InvalidChangeError(`Invalid signal: ${signal}`, 'STOPSIGNAL');
}

function namesOf(keys: readonly string[]): Record<string, object> {
  return Object.fromEntries(keys.map((key) => [key, {}]));
}

function nameOf(entry: string): string {
  const equals = entry.indexOf('=');
  return equals < 0 ? entry : entry.slice(0, equals);
}
