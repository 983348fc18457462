import type { Instruction, Stage } from '@gantry/dockerfile';
import { formatPlatform, type Platform } from '@gantry/oci';

/** What the names of a stage's steps begin with. */
export interface StageLabel {
  readonly stage: Stage;
  /** All of the file. */
  readonly stages: readonly Stage[];
  /** Of a build for several. */
  readonly platform?: Platform;
}

/** Instructions that change files are steps of their own, as BuildKit counts. */
export function isStep({ name }: Pick<Instruction, 'name'>): boolean {
  return name === 'RUN' || name === 'COPY' || name === 'ADD' || name === 'WORKDIR';
}

/** `[linux/arm64 build 2/3] RUN make`: platform and stage where there are several. FROM is the first step. */
export function stepName({ stage, stages, platform }: StageLabel, number: number, text: string): string {
  const total = 1 + stage.instructions.filter(isStep).length;
  const unnamed = stages.length > 1 ? `stage-${stages.indexOf(stage)}` : '';
  const words = [
    ...(platform === undefined ? [] : [formatPlatform(platform)]),
    ...(stage.from.stageName || unnamed ? [stage.from.stageName || unnamed] : []),
    `${String(number).padStart(String(total).length)}/${total}`,
  ];
  return `[${words.join(' ')}] ${text}`;
}
