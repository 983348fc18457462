import type { Healthcheck } from '@gantry/dockerfile';
import type { Platform } from '@gantry/oci';
import type { RecipeStep, RunSettings, TransferSettings } from './recipe-step.ts';

/** What a recipe begins with: an image by its name, another recipe, or nothing. */
export type RecipeBase = { image: string; platform: Platform | undefined } | { recipe: Recipe } | undefined;

/**
 * How to make an image, without a Dockerfile: each method returns a further recipe and changes none, so that one can be the beginning
 * of several. Texts mean themselves: no variable is put into them but by the shell of a `run`.
 *
 * ```ts
 * const built = from('mirror/debian:bookworm').run('apt-get update && apt-get install -y gcc').copy('.', '/src').run('make -C /src');
 * const image = scratch().copy('/src/server', '/server', { from: built }).cmd(['/server']);
 * await engine.build(image, { context: 'server', tags: ['server'] });
 * ```
 */
export class Recipe {
  readonly base: RecipeBase;
  readonly steps: readonly RecipeStep[];

  constructor(base: RecipeBase, steps: readonly RecipeStep[] = []) {
    this.base = base;
    this.steps = steps;
  }

  /** Runs a text by the shell (`/bin/sh -c`, or what `shell` said last), or a program with its arguments. */
  run(command: string | readonly string[], settings: RunSettings = {}): Recipe {
    return this.#with({ kind: 'run', command, settings });
  }

  /** Copies files of the context, or of a recipe or image (`from`). Several sources want a destination that ends with a slash. */
  copy(
    sources: string | readonly string[],
    destination: string,
    settings: TransferSettings & { from?: string | Recipe; parents?: boolean } = {},
  ): Recipe {
    return this.#with({ kind: 'copy', sources: [sources].flat(), destination, settings });
  }

  /** Copies files of the context, unpacks archives among them, and fetches addresses. */
  add(sources: string | readonly string[], destination: string, settings: TransferSettings = {}): Recipe {
    return this.#with({ kind: 'add', sources: [sources].flat(), destination, settings });
  }

  env(variables: Readonly<Record<string, string>>): Recipe {
    return this.#with({ kind: 'pairs', word: 'ENV', pairs: variables });
  }

  label(labels: Readonly<Record<string, string>>): Recipe {
    return this.#with({ kind: 'pairs', word: 'LABEL', pairs: labels });
  }

  /** Made where it is missing. */
  workdir(path: string): Recipe {
    return this.#with({ kind: 'text', word: 'WORKDIR', text: path });
  }

  /** `user[:group]`, names or numbers. */
  user(user: string): Recipe {
    return this.#with({ kind: 'text', word: 'USER', text: user });
  }

  stopSignal(signal: string): Recipe {
    return this.#with({ kind: 'text', word: 'STOPSIGNAL', text: signal });
  }

  /** `80`, `53/udp`, `8000-8010`. */
  expose(...ports: readonly (number | string)[]): Recipe {
    return this.#with({ kind: 'text', word: 'EXPOSE', text: ports.join(' ') });
  }

  volume(...paths: readonly string[]): Recipe {
    return this.#with({ kind: 'words', word: 'VOLUME', words: paths });
  }

  /** For commands that are a text. */
  shell(...words: readonly string[]): Recipe {
    return this.#with({ kind: 'words', word: 'SHELL', words });
  }

  cmd(command: string | readonly string[]): Recipe {
    return this.#with({ kind: 'command', word: 'CMD', command });
  }

  entrypoint(command: string | readonly string[]): Recipe {
    return this.#with({ kind: 'command', word: 'ENTRYPOINT', command });
  }

  /** Durations in nanoseconds, as in an image's config; `Test` without its `CMD` in front, or undefined for none at all. */
  healthcheck(command: readonly string[] | undefined, times: Omit<Healthcheck, 'Test'> = {}): Recipe {
    return this.#with({ kind: 'healthcheck', command, times });
  }

  #with(step: RecipeStep): Recipe {
    return new Recipe(this.base, [...this.steps, step]);
  }
}

/** Begins with an image, or with what another recipe makes. */
export function from(base: string | Recipe, { platform }: { platform?: Platform } = {}): Recipe {
  return new Recipe(typeof base === 'string' ? { image: base, platform } : { recipe: base });
}

/** Begins with no file at all. */
export function scratch(): Recipe {
  return new Recipe(undefined);
}
