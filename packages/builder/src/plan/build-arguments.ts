import { type ArgInstruction, expandText, type Lookup } from '@gantry/dockerfile';
import type { Platform } from '@gantry/oci';
import { builderArguments } from './builder-arguments.ts';

/** Variables of proxies: every RUN has them when they are given, and nothing remembers them. */
export const proxyArguments: readonly string[] = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'FTP_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
].flatMap((name) => [name, name.toLowerCase()]);

/** Nobody expects the Dockerfile to declare these. */
const spokenElsewhere = new Set<string>([...proxyArguments, ...Object.values(builderArguments)]);

export interface BuildArgumentsOptions {
  /** `--build-arg`: a value, or undefined for a name alone. */
  given: ReadonlyMap<string, string | undefined>;
  buildPlatform: Platform;
  targetPlatform: Platform;
  /** Name of the stage that is built; `default` for the last one. */
  targetStage: string;
  escape: '\\' | '`';
}

/** The arguments of a build: those that were given, those of the file's head, and the platforms' own. */
export class BuildArguments {
  readonly #given: ReadonlyMap<string, string | undefined>;
  readonly #predefined: ReadonlyMap<string, string>;
  readonly #globals = new Map<string, string>();
  readonly #consumed = new Set<string>();
  readonly #escape: '\\' | '`';

  constructor(options: BuildArgumentsOptions) {
    this.#given = options.given;
    this.#escape = options.escape;
    this.#predefined = new Map([
      ...platformVariables('BUILD', options.buildPlatform),
      ...platformVariables('TARGET', options.targetPlatform),
      ['TARGETSTAGE', options.targetStage],
    ]);
  }

  /** Reads the ARGs before the first FROM, in order. Throws `SyntaxProblem`. */
  declareGlobals(instructions: readonly ArgInstruction[]): void {
    for (const { key, value } of instructions.flatMap((instruction) => instruction.arguments)) {
      const fallback = value === undefined ? undefined : this.expand(value, this.global);
      const chosen = this.#take(key) ?? fallback ?? this.#predefined.get(key);
      if (chosen !== undefined) this.#globals.set(key, chosen);
    }
  }

  /** What FROM sees. */
  readonly global: Lookup = (name) => this.#globals.get(name) ?? this.#predefined.get(name);

  /** The value of an ARG within a stage; `fallback` is its default, expanded. Undefined: declared without a value. */
  valueOf(name: string, fallback: string | undefined): string | undefined {
    return this.#take(name) ?? fallback ?? this.#globals.get(name) ?? this.#predefined.get(name);
  }

  /** `NAME=value` of the proxies that were given. */
  proxies(): string[] {
    return proxyArguments.flatMap((name) => {
      const value = this.#take(name);
      return value === undefined ? [] : [`${name}=${value}`];
    });
  }

  /** Given, and asked for by nothing. */
  unused(): string[] {
    return [...this.#given.keys()].filter((name) => !this.#consumed.has(name) && !spokenElsewhere.has(name));
  }

  expand(text: string, lookup: Lookup): string {
    return expandText(text, lookup, { escape: this.#escape }).text;
  }

  #take(name: string): string | undefined {
    if (this.#given.has(name)) this.#consumed.add(name);
    return this.#given.get(name);
  }
}

function platformVariables(prefix: 'BUILD' | 'TARGET', platform: Platform): [string, string][] {
  const { os, architecture, variant = '' } = platform;
  const whole = [os, architecture, ...(variant === '' ? [] : [variant])].join('/');
  return [
    [`${prefix}PLATFORM`, whole],
    [`${prefix}OS`, os],
    [`${prefix}ARCH`, architecture],
    [`${prefix}VARIANT`, variant],
  ];
}
