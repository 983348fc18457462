import type { Dockerfile, Stage } from '@gantry/dockerfile';
import type { BuildArguments } from './build-arguments.ts';
import type { Origin, StageNames } from './choose-stages.ts';

/** The stages that a stage stands on, copies from or mounts. Throws `SyntaxProblem`. */
export function stagesNeededBy(
  stage: Stage,
  names: StageNames,
  buildArguments: BuildArguments,
): readonly Stage[] {
  const base = buildArguments.expand(stage.from.base, buildArguments.global);
  const origins: Origin[] = [names.base(base, stage)];
  for (const instruction of stage.instructions) {
    if (instruction.name === 'COPY' && instruction.from !== '') origins.push(names.source(instruction.from));
    if (instruction.name === 'RUN') {
      for (const from of instruction.mounts.flatMap(mountSources)) origins.push(names.source(from));
    }
  }
  return origins.flatMap((origin) => ('stage' in origin ? [origin.stage] : []));
}

/** `from` of a mount holds no variables. */
function mountSources(mount: string): string[] {
  return mount
    .split(',')
    .flatMap((field) => (field.startsWith('from=') ? [field.slice('from='.length)] : []));
}

/** All stages that are needed for one, that one too, in the order of the file. */
export function neededStages(
  target: Stage,
  { stages }: Dockerfile,
  needs: (stage: Stage) => readonly Stage[],
): readonly Stage[] {
  const found = new Set<Stage>();
  const visit = (stage: Stage): void => {
    if (found.has(stage)) return;
    found.add(stage);
    for (const needed of needs(stage)) visit(needed);
  };
  visit(target);
  return stages.filter((stage) => found.has(stage));
}
