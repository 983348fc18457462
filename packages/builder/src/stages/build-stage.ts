import { EngineError } from '@gantry/base';
import {
  DockerfileError,
  type FromInstruction,
  type Instruction,
  parseTrigger,
  type Stage,
  SyntaxProblem,
} from '@gantry/dockerfile';
import { isConfigInstruction, type PlainLayer, type ResolvedImage } from '@gantry/images';
import { canonicalString, type Platform, parsePlatform, parseReference, withDefaultTag } from '@gantry/oci';
import { InvalidBuildError } from '../errors.ts';
import type { StageProgress } from '../progress/build-progress.ts';
import { isStep, type StageLabel, stepName } from '../progress/step-name.ts';
import { addStep } from './add.ts';
import { applyConfig } from './apply-config.ts';
import { copyStep } from './copy.ts';
import { commandRun } from './run.ts';
import type { Build, StageWork } from './stage-build.ts';
import { StageState } from './stage-state.ts';
import { makeWorkingDirectory } from './working-directory.ts';

/** Builds one stage from its FROM to its last instruction. Throws `DockerfileError`, and what its steps throw. */
export async function buildStage(build: Build, stage: Stage, progress: StageProgress): Promise<StageState> {
  const state = await inLines(stage.from, () => baseOf(build, stage, progress));
  const work: StageWork = { build, stage, state, progress };
  const triggers = state.draft.config.OnBuild ?? [];
  if (triggers.length > 0) progress.triggers(triggers.length);
  delete state.draft.config.OnBuild;
  for (const trigger of triggers) await applyInstruction(work, parseTrigger(trigger));
  let steps = 1;
  for (const instruction of stage.instructions) {
    progress.instruction(instruction.source, ...stepNumber(build, instruction));
    if (!isStep(instruction)) {
      await applyInstruction(work, instruction);
      continue;
    }
    steps += 1;
    const step = progress.step(stepName(labelOf(build, stage), steps, instruction.source), instruction.lines);
    await step.do(() => applyInstruction({ ...work, step }, instruction));
  }
  return state;
}

/** Counted over the whole file, as Docker counts. */
function stepNumber(
  { file }: Build,
  instruction: Instruction | FromInstruction,
): [number: number, total: number] {
  const all = file.stages.flatMap((stage) => [stage.from, ...stage.instructions]);
  return [all.indexOf(instruction) + 1, all.length];
}

function labelOf({ file, request, platform }: Build, stage: Stage): StageLabel {
  return { stage, stages: file.stages, ...(request.platforms.length > 1 && { platform }) };
}

async function baseOf(build: Build, ownStage: Stage, progress: StageProgress): Promise<StageState> {
  const { from } = ownStage;
  const { names, environment } = build;
  progress.instruction(from.source, ...stepNumber(build, from));
  const base = build.arguments.expand(from.base, build.arguments.global);
  if (base === '') throw new InvalidBuildError(`base name (${from.base}) should not be blank`);
  const platformText = build.arguments.expand(from.platform, build.arguments.global);
  const platform = platformText === '' ? build.platform : parsePlatform(platformText);
  if (base === 'scratch') return StageState.onNothing(platform, environment.clock.now());
  const stage = build.file.stages.find((candidate) => candidate.from === from);
  const origin = stage === undefined ? { image: base } : names.base(base, stage);
  if ('stage' in origin) return (await build.stage(origin.stage)).copy();
  if ('address' in origin) {
    const state = StageState.onNothing(platform, environment.clock.now());
    return state.withFiles(await heldFiles(build, origin.address), from.source);
  }
  const name = canonicalString(withDefaultTag(parseReference(origin.image)));
  const resolved = await progress
    .internal(`load metadata for ${name}`, from.lines)
    .do(() => resolveImage(build, origin.image, platform));
  progress.step(stepName(labelOf(build, ownStage), 1, `FROM ${name}@${resolved.id}`), from.lines).done();
  checkBasePlatform(build, from, { name: origin.image, wanted: platform, found: resolved.platform });
  progress.base(resolved.id);
  environment.logger.debug('a stage stands on an image', { imageRef: base, digest: resolved.id });
  return StageState.onImage(resolved, environment.clock.now());
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
  for (const diffId of await build.files(address)) {
    const blob = await build.environment.ports.content.stat(diffId);
    if (blob === undefined) throw new InvalidBuildError(`the files of ${address} are gone`);
    layers.push({ diffId, sizeBytes: blob.sizeBytes });
  }
  return layers;
}

/** The image, pulled when it is not here or when the build asks for it. */
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
  if (request.pull) await request.pullImage(reference, platform);
  try {
    return await images.resolve(reference, { platform, signal });
  } catch (error) {
    if (request.pull || !(error instanceof EngineError && error.kind === 'not-found')) throw error;
    await request.pullImage(reference, platform);
    return await images.resolve(reference, { platform, signal });
  }
}

async function applyInstruction(work: StageWork, instruction: Instruction): Promise<void> {
  work.build.signal.throwIfAborted();
  await inLines(instruction, async () => {
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
        for (const { key, value } of instruction.arguments) declareArgument(work, key, value);
        return;
      case 'MAINTAINER':
        work.state.author = instruction.maintainer;
    }
  });
}

function declareArgument({ build, state }: StageWork, key: string, value: string | undefined): void {
  const fallback = value === undefined ? undefined : build.arguments.expand(value, state.lookup);
  const chosen = build.arguments.valueOf(key, fallback);
  if (chosen !== undefined) state.arguments.set(key, chosen);
}

/** What is wrong with a text gets the instruction's lines. */
async function inLines<T>(instruction: Pick<Instruction, 'lines'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SyntaxProblem) throw new DockerfileError(error.message, instruction.lines);
    throw error;
  }
}
