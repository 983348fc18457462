import type { Dockerfile, Stage } from '@gantry/dockerfile';
import { DockerfileError, nearest } from '@gantry/dockerfile';
import { findNamedContext, type LayoutReference } from '../context/named-context.ts';
import { InvalidBuildError } from '../errors.ts';

/** Where files of COPY or of a RUN mount come from, or what a stage stands on. */
export type Origin = { stage: Stage } | { image: string } | { layout: LayoutReference } | { address: string };

/** Finds stages by the names that instructions use. */
export class StageNames {
  readonly #stages: readonly Stage[];
  readonly #contexts: ReadonlyMap<string, string>;

  /** `contexts`: names that mean something else, before everything. */
  constructor({ stages }: Dockerfile, contexts: ReadonlyMap<string, string> = new Map()) {
    this.#stages = stages;
    this.#contexts = contexts;
  }

  /** What is to be built: a stage by name or number, the last one for an empty name. Throws `InvalidBuildError`. */
  target(name: string): Stage {
    const found = name === '' ? this.#stages.at(-1) : (this.#named(name) ?? this.#numbered(name));
    if (this.#stages.length === 0) throw new InvalidBuildError('dockerfile contains no stages to build');
    if (found !== undefined) return found;
    const meant = nearest(
      name.toLowerCase(),
      this.#stages.map(({ from }) => from.stageName),
    );
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
    throw new InvalidBuildError(`target stage ${JSON.stringify(name)} could not be found${hint}`);
  }

  /** What a FROM with that name, its variables put in, stands on: a stage above it, or an image. */
  base(name: string, below: Stage): Origin {
    const given = this.#given(name);
    if (given !== undefined) return given;
    const found = this.#named(name, below.index);
    return found === undefined ? { image: name } : { stage: found };
  }

  /** What `--from` of an instruction names. */
  source(name: string): Origin {
    const given = this.#given(name);
    if (given !== undefined) return given;
    const found = this.#named(name) ?? this.#numbered(name);
    return found === undefined ? { image: name } : { stage: found };
  }

  #given(name: string): Origin | undefined {
    const context = findNamedContext(this.#contexts, name);
    if (context?.kind === 'image') return { image: context.reference };
    if (context?.kind === 'layout') return { layout: context.layout };
    if (context?.kind === 'stage') return { stage: this.target(context.name) };
    return context && { address: context.address };
  }

  /** Of two with one name the later counts. */
  #named(name: string, before: number = this.#stages.length): Stage | undefined {
    const lower = name.toLowerCase();
    return this.#stages.findLast(({ index, from }) => index < before && from.stageName === lower);
  }

  #numbered(name: string): Stage | undefined {
    return /^\d+$/.test(name) ? this.#stages[Number(name)] : undefined;
  }
}

/** Throws `DockerfileError` when a stage needs itself; `needs` says which stages one needs. */
export function refuseCircles(target: Stage, needs: (stage: Stage) => readonly Stage[]): void {
  const done = new Set<Stage>();
  const visit = (stage: Stage, path: readonly Stage[]): void => {
    if (path.includes(stage)) {
      const name = stage.from.stageName || String(stage.index);
      throw new DockerfileError(`circular dependency detected on stage: ${name}`, stage.from.lines, {
        isOfText: true,
      });
    }
    if (done.has(stage)) return;
    for (const needed of needs(stage)) visit(needed, [...path, stage]);
    done.add(stage);
  };
  visit(target, []);
}
