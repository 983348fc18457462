import { type Instruction, type Stage, scriptOf } from '@gantry/dockerfile';
import { formatPlatform, type Platform } from '@gantry/oci';

/** What the names of a stage's steps begin with. */
export interface StageLabel {
  readonly stage: Stage;
  /** How many of the stage's steps come before those of its own instructions. */
  readonly before: number;
  /** All of the file. */
  readonly stages: readonly Stage[];
  /** Of a build for several. */
  readonly platform?: Platform;
}

/** Instructions that change files are steps of their own, as BuildKit counts. */
export function isStep({ name }: Pick<Instruction, 'name'>): boolean {
  return name === 'RUN' || name === 'COPY' || name === 'ADD' || name === 'WORKDIR';
}

/** What the step of an instruction is called: of a script that stands in the Dockerfile its first line is told. */
export function instructionText(instruction: Instruction): string {
  const script = instruction.name === 'RUN' ? scriptOf(instruction) : undefined;
  if (script === undefined) return instruction.source;
  const [first = '', ...more] = script.content.trim().split('\n');
  return `${instruction.source} (${first.trim()}${more.length > 0 ? '...' : ''})`;
}

/** `[linux/arm64 build 2/3] RUN make`: platform and stage where there are several. FROM of an image is a step. */
export function stepName(
  { stage, before, stages, platform }: StageLabel,
  number: number,
  text: string,
): string {
  const total = before + stage.instructions.filter(isStep).length;
  const unnamed = stages.length > 1 ? `stage-${stages.indexOf(stage)}` : '';
  const words = [
    ...(platform === undefined ? [] : [formatPlatform(platform)]),
    ...(stage.from.stageName || unnamed ? [stage.from.stageName || unnamed] : []),
    `${String(number).padStart(String(total).length)}/${total}`,
  ];
  return `[${words.join(' ')}] ${text}`;
}
