import type { ImageRunConfig } from '@gantry/oci';
import { InvalidChangeError } from '../errors.ts';
import { parseHealthcheck } from './healthcheck.ts';
import { expandWord, parseJsonForm, parsePairs, splitWords } from './words.ts';

interface ChangeState {
  config: ImageRunConfig;
  /** A CMD among these changes: an ENTRYPOINT keeps it then, and clears an inherited one. */
  commandSet: boolean;
}

type Change = (state: ChangeState, text: string) => void;

const changeByInstruction: Readonly<Record<string, Change>> = {
  cmd: (state, text) => {
    state.config.Cmd = commandOf(state, text);
    state.commandSet = true;
  },
  entrypoint: (state, text) => {
    state.config.Entrypoint = commandOf(state, text);
    if (!state.commandSet) delete state.config.Cmd;
  },
  env: (state, text) => {
    for (const [name, value] of parsePairs('ENV', text, variablesOf(state))) setVariable(state, name, value);
  },
  label: (state, text) => {
    state.config.Labels = {
      ...state.config.Labels,
      ...Object.fromEntries(parsePairs('LABEL', text, variablesOf(state))),
    };
  },
  expose: (state, text) => {
    const ports = splitWords(text).flatMap((word) => parsePorts(expandWord(word, variablesOf(state))));
    state.config.ExposedPorts = {
      ...state.config.ExposedPorts,
      ...Object.fromEntries(ports.map((port) => [port, {}])),
    };
  },
  user: (state, text) => {
    state.config.User = singleWord(state, 'USER', text);
  },
  volume: (state, text) => {
    const paths = parseJsonForm(text) ?? splitWords(text);
    const expanded = paths.map((path) => expandWord(path, variablesOf(state)).trim());
    if (expanded.includes(''))
      throw new InvalidChangeError('VOLUME specified can not be an empty string', text);
    state.config.Volumes = {
      ...state.config.Volumes,
      ...Object.fromEntries(expanded.map((path) => [path, {}])),
    };
  },
  workdir: (state, text) => {
    const path = expandWord(text, variablesOf(state));
    const whole = path.startsWith('/') ? path : `${state.config.WorkingDir ?? ''}/${path}`;
    state.config.WorkingDir = cleanPath(whole);
  },
  stopsignal: (state, text) => {
    const signal = singleWord(state, 'STOPSIGNAL', text);
    if (!/^(\d{1,2}|(SIG)?[A-Z]+\d?([+-]\d{1,2})?)$/i.test(signal)) {
      throw new InvalidChangeError(`Invalid signal: ${signal}`, text);
    }
    state.config.StopSignal = signal;
  },
  healthcheck: (state, text) => {
    state.config.Healthcheck = parseHealthcheck(text);
  },
  onbuild: (state, text) => {
    const [trigger = ''] = splitWords(text.toUpperCase());
    if (trigger === 'ONBUILD')
      throw new InvalidChangeError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", text);
    if (trigger === 'MAINTAINER' || trigger === 'FROM') {
      throw new InvalidChangeError(`${trigger} isn't allowed as an ONBUILD trigger`, text);
    }
    state.config.OnBuild = [...(state.config.OnBuild ?? []), text];
  },
  shell: (state, text) => {
    const shell = parseJsonForm(text);
    if (shell === undefined || shell.length === 0) {
      throw new InvalidChangeError('SHELL requires the arguments to be in JSON form', text);
    }
    state.config.Shell = shell;
  },
};

/**
 * Applies Dockerfile instructions (`docker import --change`, `docker commit --change`) to a copy of `config`, in
 * order. Both of Docker's forms are known (`CMD ["a"]` and `CMD a`), and ENV's values are seen by what follows.
 * Throws `InvalidChangeError`, with Docker's text for an instruction that cannot be a change (`run is not a valid change command`).
 */
export function applyChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  const state: ChangeState = { config: structuredClone(config), commandSet: false };
  for (const line of logicalLines(changes)) {
    const [, word = '', text = ''] = /^(\S+)\s*([\s\S]*)$/.exec(line) ?? [];
    const instruction = word.toLowerCase();
    if (!Object.hasOwn(changeByInstruction, instruction)) {
      throw new InvalidChangeError(`${instruction} is not a valid change command`, line);
    }
    if (text === '')
      throw new InvalidChangeError(`${word.toUpperCase()} requires at least one argument`, line);
    changeByInstruction[instruction]?.(state, text);
  }
  return state.config;
}

/** Lines without comments and blanks; a backslash at the end joins the next line. */
function logicalLines(changes: readonly string[]): string[] {
  const lines: string[] = [];
  let open = '';
  for (const raw of changes.join('\n').split(/\r?\n/)) {
    if (open === '' && (raw.trim() === '' || raw.trimStart().startsWith('#'))) continue;
    if (raw.endsWith('\\')) {
      open += raw.slice(0, -1);
    } else {
      lines.push((open + raw).trim());
      open = '';
    }
  }
  if (open.trim() !== '') lines.push(open.trim());
  return lines;
}

function commandOf(state: ChangeState, text: string): string[] {
  return parseJsonForm(text) ?? [...(state.config.Shell ?? ['/bin/sh', '-c']), text];
}

function singleWord(state: ChangeState, instruction: string, text: string): string {
  const words = splitWords(text);
  const [word] = words;
  if (word === undefined || words.length !== 1) {
    throw new InvalidChangeError(`${instruction} requires exactly one argument`, text);
  }
  return expandWord(word, variablesOf(state));
}

function variablesOf({ config }: ChangeState): Map<string, string> {
  return new Map(
    (config.Env ?? []).map((entry) => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

function setVariable({ config }: ChangeState, name: string, value: string): void {
  const entries = [...(config.Env ?? [])];
  const at = entries.findIndex((entry) => entry.split('=')[0] === name);
  if (at < 0) entries.push(`${name}=${value}`);
  else entries[at] = `${name}=${value}`;
  config.Env = entries;
}

/** `80`, `80/udp`, `8000-8010/tcp` to `port/protocol`. */
function parsePorts(text: string): string[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < 1 || last > 65_535 || last < first) {
    throw new InvalidChangeError(`invalid containerPort: ${text}`, text);
  }
  const protocol = (match[3] ?? 'tcp').toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, at) => `${first + at}/${protocol}`);
}

function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
