import { type ConfigInstruction, readExposedPorts } from '@gantry/images';
import type { ImageRunConfig } from '@gantry/oci';

/** A config instruction as its variables are known: what one of its texts is, and its pairs. */
export interface KnownTexts {
  readonly text: (text: string) => string;
  readonly words: (text: string) => readonly string[];
}

/**
 * What BuildKit's history says that a config instruction did, in Go's notation where it prints Go's values. `config` is the one
 * after it. Undefined for ONBUILD, which leaves no trace but the trigger, and for WORKDIR, which is a step.
 */
export function historyText(
  instruction: ConfigInstruction,
  config: ImageRunConfig,
  known: KnownTexts,
): string | undefined {
  const { name } = instruction;
  switch (instruction.name) {
    case 'ENV':
    case 'LABEL':
      return `${name} ${instruction.pairs.map(({ key, value }) => `${known.text(key)}=${known.text(value)}`).join(' ')}`;
    case 'CMD':
      return `CMD ${quotedWords(config.Cmd ?? [])}`;
    case 'ENTRYPOINT':
      return `ENTRYPOINT ${quotedWords(config.Entrypoint ?? [])}`;
    case 'SHELL':
      return `SHELL [${instruction.shell.join(' ')}]`;
    case 'VOLUME':
      return `VOLUME [${instruction.volumes.map(known.text).join(' ')}]`;
    case 'USER':
      return `USER ${config.User ?? ''}`;
    case 'STOPSIGNAL':
      return `STOPSIGNAL ${config.StopSignal ?? ''}`;
    case 'EXPOSE':
      return `EXPOSE [${exposedPorts(instruction.ports, known).join(' ')}]`;
    case 'HEALTHCHECK':
      return `HEALTHCHECK ${healthText(instruction.healthcheck)}`;
    default:
      return undefined;
  }
}

function exposedPorts(ports: readonly string[], known: KnownTexts): string[] {
  const words = ports.flatMap((port) => known.words(port));
  return [...new Set(words.flatMap((word) => readExposedPorts(word).ports))].toSorted();
}

/** `["sh" "-c"]`. */
function quotedWords(words: readonly string[]): string {
  return `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;
}

type Healthcheck = Extract<ConfigInstruction, { name: 'HEALTHCHECK' }>['healthcheck'];

function healthText(check: Healthcheck): string {
  const { Test, Interval, Timeout, StartPeriod, StartInterval, Retries = 0 } = check;
  const times = [Interval, Timeout, StartPeriod, StartInterval].map((ns = 0) => `"${durationText(ns)}"`);
  return `&{${[quotedWords(Test), ...times, characterText(Retries)].join(' ')}}`;
}

/** As Go prints a duration of at least a millisecond: `1h0m5s`, `1.5s`, `20ms`. */
function durationText(ns: number): string {
  if (ns === 0) return '0s';
  if (ns < 1e9) return `${ns / 1e6}ms`;
  const seconds = ns / 1e9;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${Number((seconds % 60).toFixed(9))}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

/** A number as Go quotes it: as a character. */
function characterText(code: number): string {
  const short = new Map([7, 8, 9, 10, 11, 12, 13].map((control, index) => [control, 'abtnvfr'[index]]));
  const letter = short.get(code);
  if (letter !== undefined) return `'\\${letter}'`;
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, '0')}'`;
  return code === 0x27 || code === 0x5c
    ? `'\\${String.fromCodePoint(code)}'`
    : `'${String.fromCodePoint(code)}'`;
}
