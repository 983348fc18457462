import { posix } from 'node:path';
import {
  type ArgInstruction,
  expandText,
  type LineRange,
  parseDockerfile,
  type RunInstruction,
  readRunMount,
  type Stage,
} from '@gantry/dockerfile';
import { hostPlatform } from '@gantry/oci';
import type { BuildRequest } from '../build-request.ts';
import { BuildArguments } from './build-arguments.ts';
import { StageNames } from './choose-stages.ts';
import { neededStages, stagesNeededBy } from './needed-stages.ts';

/** What a build of a target takes from those who ask for it, each in the order of the file. */
export interface BuildOutline {
  /** Of the target; empty for a stage without a name. */
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly OutlineArgument[];
  readonly secrets: readonly OutlineLoan[];
  /** Agents. */
  readonly ssh: readonly OutlineLoan[];
}

export interface OutlineArgument {
  readonly name: string;
  readonly description: string;
  /** What it is in this build; undefined when it has none. */
  readonly value: string | undefined;
  readonly lines: LineRange;
}

export interface OutlineLoan {
  readonly name: string;
  readonly required: boolean;
  readonly lines: LineRange;
}

export type OutlineRequest = Pick<BuildRequest, 'buildArguments' | 'target' | 'namedContexts' | 'platforms'>;

/** Reads what a target and the stages that it needs ask for; runs nothing. Throws `DockerfileError`, `InvalidBuildError`. */
export function outlineOf(dockerfile: Uint8Array, request: OutlineRequest): BuildOutline {
  const file = parseDockerfile(dockerfile);
  const { escape } = file.directives;
  const names = new StageNames(file, request.namedContexts);
  const target = names.target(request.target);
  const buildArguments = new BuildArguments({
    given: request.buildArguments,
    buildPlatform: hostPlatform(),
    targetPlatform: request.platforms[0] ?? hostPlatform(),
    targetStage: target.from.stageName || 'default',
    escape,
  });
  buildArguments.declareGlobals(file.globalArguments);
  const stages = neededStages(target, file, (stage) => stagesNeededBy(stage, names, buildArguments));
  const collected = new Collected(file.globalArguments, buildArguments, escape);
  for (const stage of stages) collected.take(stage);
  const { stageName, comments } = target.from;
  return { name: stageName, description: describedBy(comments, stageName), ...collected.sorted() };
}

/** A comment right above that begins with the name is its description. */
export function describedBy(comments: readonly string[], name: string): string {
  const text = comments.join(' ').trim();
  const isAbout = name !== '' && text.toLowerCase().startsWith(`${name.toLowerCase()} `);
  return isAbout ? text.slice(name.length + 1) : '';
}

class Collected {
  readonly #globals = new Map<string, OutlineArgument>();
  readonly #build: BuildArguments;
  readonly #escape: '\\' | '`';
  readonly #arguments = new Map<string, OutlineArgument>();
  readonly #secrets = new Map<string, OutlineLoan>();
  readonly #ssh = new Map<string, OutlineLoan>();

  constructor(globals: readonly ArgInstruction[], build: BuildArguments, escape: '\\' | '`') {
    this.#build = build;
    this.#escape = escape;
    for (const { arguments: all, comments, lines } of globals)
      for (const { key } of all)
        this.#globals.set(key, {
          name: key,
          description: describedBy(comments, key),
          value: build.global(key),
          lines,
        });
  }

  take({ from, instructions }: Stage): void {
    const used = new Set<string>();
    for (const text of [from.base, from.platform])
      expandText(text, (name) => (used.add(name), ''), { escape: this.#escape });
    for (const name of used) this.#put(this.#globals.get(name));
    const values = new Map<string, string>();
    const lookup = (name: string): string | undefined => values.get(name);
    for (const instruction of instructions) {
      if (instruction.name === 'ARG') this.#takeArguments(instruction, values);
      if (instruction.name === 'RUN') this.#takeLoans(instruction, lookup);
    }
  }

  sorted(): Pick<BuildOutline, 'arguments' | 'secrets' | 'ssh'> {
    const inOrder = <T extends { lines: LineRange }>(all: ReadonlyMap<string, T>): T[] =>
      [...all.values()].toSorted((a, b) => a.lines.first - b.lines.first);
    return { arguments: inOrder(this.#arguments), secrets: inOrder(this.#secrets), ssh: inOrder(this.#ssh) };
  }

  /** One without a default that the head of the file declares is that one. */
  #takeArguments({ arguments: all, comments, lines }: ArgInstruction, values: Map<string, string>): void {
    for (const { key, value } of all) {
      const lookup = (name: string): string | undefined =>
        values.get(name) ?? this.#arguments.get(name)?.value;
      const fallback = value === undefined ? undefined : this.#build.expand(value, lookup);
      const chosen = this.#build.valueOf(key, fallback);
      if (chosen !== undefined) values.set(key, chosen);
      const inherited = value === undefined ? this.#globals.get(key) : undefined;
      this.#put(inherited ?? { name: key, description: describedBy(comments, key), value: chosen, lines });
    }
  }

  #takeLoans(instruction: RunInstruction, lookup: (name: string) => string | undefined): void {
    for (const text of instruction.mounts) {
      const mount = readRunMount(text, (value) => expandText(value, lookup, { escape: this.#escape }).text);
      const { type, id, source, target = '', required = false } = mount;
      const loan = { required, lines: instruction.lines };
      if (type === 'secret') this.#lend(this.#secrets, id ?? source ?? posix.basename(target), loan);
      if (type === 'ssh') this.#lend(this.#ssh, id ?? 'default', loan);
    }
  }

  #lend(loans: Map<string, OutlineLoan>, name: string, loan: Omit<OutlineLoan, 'name'>): void {
    const known = loans.get(name);
    loans.set(
      name,
      known === undefined ? { name, ...loan } : { ...known, required: known.required || loan.required },
    );
  }

  #put(argument: OutlineArgument | undefined): void {
    if (argument !== undefined && !this.#arguments.has(argument.name))
      this.#arguments.set(argument.name, argument);
  }
}
