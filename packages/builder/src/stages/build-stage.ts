import { EngineError, errorMessage } from '@gantry/base';
import {
  type ArgInstruction,
  DockerfileError,
  type FromInstruction,
  type Instruction,
  type LineRange,
  parseTrigger,
  type Stage,
  SyntaxProblem,
} from '@gantry/dockerfile';
import { isConfigInstruction, type PlainLayer, type ResolvedImage } from '@gantry/images';
import { canonicalString, type Platform, parsePlatform, parseReference, withDefaultTag } from '@gantry/oci';
import type { LayoutReference } from '../context/named-context.ts';
import { BaseImageError, InvalidBuildError } from '../errors.ts';
import type { StageProgress } from '../progress/build-progress.ts';
import { instructionText, isStep, type StageLabel, stepName } from '../progress/step-name.ts';
import { addStep } from './add.ts';
import { applyConfig, expandIn } from './apply-config.ts';
import { copyStep } from './copy.ts';
import { remember } from './history.ts';
import { commandRun } from './run.ts';
import type { Build, StageWork } from './stage-build.ts';
import { StageState } from './stage-state.ts';
import { makeWorkingDirectory } from './working-directory.ts';

/** Builds one stage from its FROM to its last instruction. Throws `DockerfileError`, and what its steps throw. */
export async function buildStage(build: Build, stage: Stage, progress: StageProgress): Promise<StageState> {
  const state = await inLines(stage.from, () => baseOf(build, stage, progress));
  const work: StageWork = { build, stage, state, progress };
  const triggers = (state.draft.config.OnBuild ?? []).map(parseTrigger);
  if (triggers.length > 0) progress.triggers(triggers.length);
  delete state.draft.config.OnBuild;
  const label = { ...labelOf(build, stage), before: firstSteps(build, stage, triggers.length) };
  let steps = label.before - triggers.length;
  const apply = async (instruction: Instruction, { lines, text }: { lines: LineRange; text: string }) => {
    if (!isStep(instruction)) return await applyInstruction(work, instruction, lines);
    steps += 1;
    const step = progress.step(stepName(label, steps, text), lines);
    await step.do(() => applyInstruction({ ...work, step }, instruction, lines));
  };
  for (const trigger of triggers)
    await apply(trigger, { lines: stage.from.lines, text: `ONBUILD ${instructionText(trigger)}` });
  for (const instruction of stage.instructions) {
    progress.instruction(instruction.source, ...stepNumber(build, instruction));
    await apply(instruction, { lines: instruction.lines, text: instructionText(instruction) });
  }
  return state;
}

/** Steps of a stage that its own instructions do not tell of: FROM of an image, and what that triggers. */
function firstSteps(build: Build, { from }: Stage, triggers: number): number {
  const base = build.arguments.expand(from.base, build.arguments.global);
  const stage = build.file.stages.find((candidate) => candidate.from === from);
  const standsOnImage =
    base !== 'scratch' && (stage === undefined || !('stage' in build.names.base(base, stage)));
  return (standsOnImage ? 1 : 0) + triggers;
}

/** Counted over the whole file, as Docker counts. */
function stepNumber(
  { file }: Build,
  instruction: Instruction | FromInstruction,
): [number: number, total: number] {
  const all = file.stages.flatMap((stage) => [stage.from, ...stage.instructions]);
  return [all.indexOf(instruction) + 1, all.length];
}

function labelOf({ file, request, platform }: Build, stage: Stage): Omit<StageLabel, 'before'> {
  return { stage, stages: file.stages, ...(request.platforms.length > 1 && { platform }) };
}

async function baseOf(build: Build, ownStage: Stage, progress: StageProgress): Promise<StageState> {
  const { from } = ownStage;
  const { names, environment } = build;
  progress.instruction(from.source, ...stepNumber(build, from));
  const base = build.arguments.expand(from.base, build.arguments.global);
  if (base === '') throw new InvalidBuildError(`base name (${from.base}) should not be blank`);
  const platformText = build.arguments.expand(from.platform, build.arguments.global);
  if (from.platform !== '' && platformText === '')
    throw new InvalidBuildError(`empty platform value from expression ${from.platform}`);
  const platform = platformText === '' ? build.platform : parsePlatform(platformText);
  if (base === 'scratch') return StageState.onNothing(platform, environment.clock.now());
  const stage = build.file.stages.find((candidate) => candidate.from === from);
  const origin = stage === undefined ? { image: base } : names.base(base, stage);
  if ('stage' in origin) return (await build.stage(origin.stage)).copy();
  if ('layout' in origin)
    return await onLayout(build, ownStage, { platform, layout: origin.layout, progress });
  if ('address' in origin) {
    const state = StageState.onNothing(platform, environment.clock.now());
    return state.withFiles(await heldFiles(build, origin.address), from.source);
  }
  const name = wholeName(origin.image);
  const resolved = await progress
    .internal(`load metadata for ${name}`, from.lines)
    .do(() => resolveImage(build, origin.image, platform));
  const before = 1 + (resolved.config.config?.OnBuild?.length ?? 0);
  const label = { ...labelOf(build, ownStage), before };
  progress.step(stepName(label, 1, `FROM ${name}@${resolved.id}`), from.lines).done();
  checkBasePlatform(build, from, { name: origin.image, wanted: platform, found: resolved.platform });
  progress.base(resolved.id);
  environment.logger.debug('a stage stands on an image', { imageRef: base, digest: resolved.id });
  return StageState.onImage(resolved, environment.clock.now());
}

async function onLayout(
  build: Build,
  { from }: Stage,
  { layout, platform, progress }: { layout: LayoutReference; platform: Platform; progress: StageProgress },
): Promise<StageState> {
  const image = await progress
    .internal(`load metadata for ${layout.name}`, from.lines)
    .do(() => build.layout(layout, platform));
  progress.base(image.id);
  return StageState.onImage(image, build.environment.clock.now());
}

function checkBasePlatform(
  { checks }: Build,
  from: FromInstruction,
  { name, wanted, found }: { name: string; wanted: Platform; found: Platform },
): void {
  if (wanted.os === found.os && wanted.architecture === found.architecture) return;
  const [expected, actual] = [wanted, found].map(({ os, architecture }) => `${os}/${architecture}`);
  const message = `Base image ${name} was pulled with platform ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)} for current build`;
  checks.report('InvalidBaseImagePlatform', from, message);
}

/** The files of a named context, which a stage stands on as on an image without a config. */
async function heldFiles(build: Build, address: string): Promise<PlainLayer[]> {
  const layers: PlainLayer[] = [];
  for (const diffId of await (await build.files(address)).layers()) {
    const blob = await build.environment.ports.content.stat(diffId);
    if (blob === undefined) throw new InvalidBuildError(`the files of ${address} are gone`);
    layers.push({ diffId, sizeBytes: blob.sizeBytes });
  }
  return layers;
}

/** An image's name as builds tell it. Throws `InvalidBuildError`. */
export function wholeName(reference: string): string {
  try {
    return canonicalString(withDefaultTag(parseReference(reference)));
  } catch (error) {
    const text = `failed to parse stage name ${JSON.stringify(reference)}: ${errorMessage(error)}`;
    throw new InvalidBuildError(text);
  }
}

/** The image, pulled when it is not here or when the build asks for it. Throws `BaseImageError`. */
export async function resolveImage(
  build: Pick<Build, 'environment' | 'request' | 'signal' | 'materials'>,
  reference: string,
  platform: Platform,
): Promise<ResolvedImage> {
  const resolved = await findOrPull(build, reference, platform);
  build.materials.addImage(reference, { digest: resolved.id, platform: resolved.platform });
  return resolved;
}

async function findOrPull(
  { environment, request, signal }: Pick<Build, 'environment' | 'request' | 'signal'>,
  reference: string,
  platform: Platform,
): Promise<ResolvedImage> {
  const { images } = environment.ports;
  const pull = async (): Promise<void> => {
    try {
      await request.pullImage(reference, platform);
    } catch (error) {
      if (signal.aborted) throw error;
      throw new BaseImageError(reference, wholeName(reference), error);
    }
  };
  if (request.pull) await pull();
  try {
    return await images.resolve(reference, { platform, signal });
  } catch (error) {
    if (request.pull || !(error instanceof EngineError && error.kind === 'not-found')) throw error;
    await pull();
    return await images.resolve(reference, { platform, signal });
  }
}

/** Of errors that know nothing of Dockerfiles: values of instructions, references, platforms. */
const placeless: ReadonlySet<string> = new Set([
  'build-invalid',
  'image-change-invalid',
  'invalid-option',
  'invalid-platform',
  'invalid-reference',
]);

async function applyInstruction(work: StageWork, instruction: Instruction, lines: LineRange): Promise<void> {
  work.build.signal.throwIfAborted();
  await inLines({ lines }, async () => {
    if (isConfigInstruction(instruction)) {
      applyConfig(work, instruction);
      if (instruction.name === 'WORKDIR') await makeWorkingDirectory(work, instruction);
      return;
    }
    switch (instruction.name) {
      case 'RUN':
        return await commandRun(work, instruction);
      case 'COPY':
        return await copyStep(work, instruction);
      case 'ADD':
        return await addStep(work, instruction);
      case 'ARG':
        return declareArguments(work, instruction);
      case 'MAINTAINER':
        work.state.author = instruction.maintainer;
        remember(work, `MAINTAINER ${instruction.maintainer}`, false);
    }
  });
}

function declareArguments(work: StageWork, instruction: ArgInstruction): void {
  const { build, state } = work;
  const told = instruction.arguments.map(({ key, value }) => {
    const fallback = value === undefined ? undefined : expandIn(work, instruction, value).text;
    const chosen = build.arguments.valueOf(key, fallback);
    state.declare(key, chosen);
    return chosen === undefined ? key : `${key}=${chosen}`;
  });
  remember(work, `ARG ${told.join(' ')}`, false);
}

/** What is wrong with the instruction itself gets its lines; of a step that fails they are told with the step. */
async function inLines<T>(instruction: Pick<Instruction, 'lines'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOfText =
      error instanceof SyntaxProblem || (error instanceof EngineError && placeless.has(error.code));
    if (isOfText) throw new DockerfileError(error.message, instruction.lines, { isOfText });
    throw error;
  }
}
