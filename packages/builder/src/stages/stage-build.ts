import type { CheckReporter, Dockerfile, Stage } from '@gantry/dockerfile';
import type { ReceivedImage } from '@gantry/images';
import type { Digest, Platform } from '@gantry/oci';
import type { BuildRequest } from '../build-request.ts';
import type { BuilderEnvironment } from '../builder-environment.ts';
import type { LayoutReference } from '../context/named-context.ts';
import type { BuildContext } from '../context/open-context.ts';
import type { Materials } from '../output/attest/materials.ts';
import type { BuildArguments } from '../plan/build-arguments.ts';
import type { StageNames } from '../plan/choose-stages.ts';
import type { StageProgress, StepProgress } from '../progress/build-progress.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import type { Keep } from '../steps/layers.ts';
import type { StageState } from './stage-state.ts';

/** What all stages of one build share. */
export interface Build {
  readonly environment: BuilderEnvironment;
  readonly request: BuildRequest;
  readonly file: Dockerfile;
  readonly names: StageNames;
  readonly arguments: BuildArguments;
  /** Of the target; a stage may be for another one. */
  readonly platform: Platform;
  readonly context: BuildContext;
  readonly keep: Keep;
  readonly checks: CheckReporter;
  /** What is taken from outside. */
  readonly materials: Materials;
  /** Aborts with the client, and when another stage fails. */
  readonly signal: AbortSignal;
  /** The result of a stage, built once. */
  stage(stage: Stage): Promise<StageState>;
  /** Layers of an image that instructions take files from. */
  image(reference: string): Promise<readonly Digest[]>;
  /** An image of a store that the client offers. */
  layout(layout: LayoutReference, platform: Platform): Promise<ReceivedImage>;
  /** The files of a named context. */
  files(address: string): Promise<SourceFiles>;
  /** What lives as long as the build. */
  readonly opened: AsyncDisposableStack;
}

/** One stage while it is built. */
export interface StageWork {
  readonly build: Build;
  readonly stage: Stage;
  readonly state: StageState;
  readonly progress: StageProgress;
  /** Of the instruction that is under way, when it is one of the steps that are told. */
  readonly step?: StepProgress;
}
