import { randomUUID } from 'node:crypto';
import {
  CheckReporter,
  checkDockerfile,
  type Dockerfile,
  parseCheckOptions,
  parseDockerfile,
  type Stage,
} from '@gantry/dockerfile';
import { hostPlatform, type Platform } from '@gantry/oci';
import type { BuildRequest, BuildResult } from './build-request.ts';
import type { BuilderEnvironment } from './builder-environment.ts';
import { OutsideCaches } from './cache/remote/outside-caches.ts';
import { openContext } from './context/open-context.ts';
import { InvalidBuildError } from './errors.ts';
import { attest } from './output/attest/attest.ts';
import { Materials } from './output/attest/materials.ts';
import type { BuildOutput } from './output/build-output.ts';
import { exportOutputs, type PlatformAttestations } from './output/export-outputs.ts';
import type { PlatformResult } from './output/platform-image.ts';
import { BuildArguments } from './plan/build-arguments.ts';
import { builderArguments, isOn, refuseUnbuiltArguments } from './plan/builder-arguments.ts';
import { checkBases } from './plan/check-bases.ts';
import { checkInstructions } from './plan/check-instructions.ts';
import { checkSyntax } from './plan/check-syntax.ts';
import { refuseCircles, StageNames } from './plan/choose-stages.ts';
import { neededStages, stagesNeededBy } from './plan/needed-stages.ts';
import { BuildProgress } from './progress/build-progress.ts';
import { buildStages } from './stages/build-stages.ts';
import type { Build } from './stages/stage-build.ts';

/** One build, from its context to its outputs. See `BuildService.build`. */
export async function runBuild(engine: BuilderEnvironment, request: BuildRequest): Promise<BuildResult> {
  refuseUnbuiltArguments(request.buildArguments);
  await using keep = engine.ports.images.keep();
  await using opened = new AsyncDisposableStack();
  const progress = new BuildProgress({ onEvent: request.onEvent, clock: engine.clock });
  const outside = outsideCaches(engine, request, { progress, keep });
  const environment = { ...engine, outside };
  await outside.import(request.cacheFrom);
  const definition = await readDefinition(environment, request, { progress, keep, opened });
  const startedAt = environment.clock.now();
  const materials = new Materials();
  const common = { environment, request, keep, opened, materials, ...definition };
  const results = await buildPlatforms(common, progress);
  const facts = {
    id: randomUUID(),
    request,
    dockerfile: definition.dockerfile,
    materials: materials.list(),
    startedAt,
    finishedAt: environment.clock.now(),
  };
  const wishes = request.attestations;
  const exported = await exporting(progress, request.outputs, (tell) =>
    exportOutputs(request.outputs, {
      environment,
      request,
      results,
      inlineCache: wantsInlineCache(request) ? ({ state }) => outside.inline(state.layerIds) : undefined,
      attestations: attestedOnce((result) => attest(environment, result, { wishes, facts })),
      keep,
      signal: request.signal,
      tell,
    }),
  );
  const layers = new Set(results.flatMap(({ state }) => state.layerIds));
  const told = await outside.export(request.cacheTo, layers);
  tellResult(progress, request, exported);
  return { ...exported, metadata: { ...exported.metadata, ...told } };
}

/** What is to be built: the Dockerfile, read and checked, and the context. */
interface Definition extends Pick<Build, 'file' | 'names' | 'context' | 'checks'> {
  readonly dockerfile: Uint8Array;
  /** What is doubtful ends the build. */
  readonly checksAreErrors: boolean;
}

async function readDefinition(
  environment: BuilderEnvironment,
  request: BuildRequest,
  { progress, keep, opened }: Pick<Build, 'keep' | 'opened'> & { progress: BuildProgress },
): Promise<Definition> {
  const { dockerfile, ...context } = await progress
    .internal(`load build definition from ${request.dockerfile.path}`)
    .do(() => openContext(environment, request, { keep, opened }));
  progress.tell({ kind: 'definition', name: request.dockerfile.path, bytes: dockerfile });
  const file = parseDockerfile(dockerfile);
  checkSyntax(file, request.buildArguments);
  const options = parseCheckOptions(
    request.buildArguments.get(builderArguments.check) ?? file.directives.check ?? '',
  );
  const checks = new CheckReporter(options);
  checkDockerfile(file, checks);
  checkBases(file, checks);
  const names = new StageNames(file, request.namedContexts);
  return { dockerfile, file, names, context, checks, checksAreErrors: options.error };
}

/** One after the other: what platforms have in common comes from the cache then. */
async function buildPlatforms(
  common: Omit<PlatformBuild, 'platform'> & Definition,
  progress: BuildProgress,
): Promise<PlatformResult[]> {
  const { checks, request } = common;
  const results: PlatformResult[] = [];
  let unused: readonly string[] = [];
  try {
    for (const platform of request.platforms) {
      const built = await buildPlatform({ ...common, platform }, progress);
      results.push(built.result);
      unused = built.unused;
    }
  } catch (error) {
    // What is doubtful may be why it failed.
    progress.warn(checks.warnings);
    throw error;
  }
  if (common.checksAreErrors) failOnChecks(checks, progress);
  if (unused.length > 0) progress.tell({ kind: 'unused-arguments', names: unused });
  progress.warn(checks.warnings);
  return results;
}

type PlatformBuild = Omit<Build, 'arguments' | 'stage' | 'image' | 'layout' | 'files' | 'signal'>;

function wantsInlineCache({ cacheTo, buildArguments }: BuildRequest): boolean {
  return cacheTo.some(({ type }) => type === 'inline') || isOn(buildArguments, builderArguments.inlineCache);
}

function outsideCaches(
  { ports }: BuilderEnvironment,
  { client, signal }: BuildRequest,
  { progress, keep }: { progress: BuildProgress; keep: Build['keep'] },
): OutsideCaches {
  return new OutsideCaches({
    ports,
    places: { client, registries: ports.registries },
    progress,
    keep,
    signal,
  });
}

async function buildPlatform(
  common: PlatformBuild,
  progress: BuildProgress,
): Promise<{ result: PlatformResult; unused: readonly string[] }> {
  const { file, names, request, platform } = common;
  const target = names.target(request.target);
  const buildArguments = argumentsOf(file, request, { target, platform });
  const needs = (stage: Stage) => stagesNeededBy(stage, names, buildArguments);
  const stages = neededStages(target, file, needs);
  checkInstructions(stages, { names, request, defaults: common.environment.defaults });
  refuseCircles(target, needs);
  const state = await buildStages({ ...common, arguments: buildArguments }, { stages, target, progress });
  return { result: { platform, state }, unused: buildArguments.unused() };
}

function argumentsOf(
  file: Dockerfile,
  request: BuildRequest,
  { target, platform }: { target: Stage; platform: Platform },
): BuildArguments {
  const buildArguments = new BuildArguments({
    given: request.buildArguments,
    buildPlatform: hostPlatform(),
    targetPlatform: platform,
    targetStage: request.target === '' ? 'default' : target.from.stageName || request.target,
    escape: file.directives.escape,
  });
  buildArguments.declareGlobals(file.globalArguments);
  return buildArguments;
}

/** Several outputs say the same of a result. */
function attestedOnce(make: PlatformAttestations): PlatformAttestations {
  const made = new Map<PlatformResult, ReturnType<PlatformAttestations>>();
  return (result) => {
    const attestations = made.get(result) ?? make(result);
    made.set(result, attestations);
    return attestations;
  };
}

function failOnChecks({ warnings }: CheckReporter, progress: BuildProgress): void {
  if (warnings.length === 0) return;
  progress.warn(warnings);
  const rules = [...new Set(warnings.map(({ name }) => name))].join(', ');
  throw new InvalidBuildError(`lint violation found for rules: ${rules}`);
}

/** One step for all outputs; none when nothing is made of the result. */
async function exporting<T>(
  progress: BuildProgress,
  outputs: readonly BuildOutput[],
  work: (tell: (line: string) => void) => Promise<T>,
): Promise<T> {
  const [first] = outputs;
  if (first === undefined || first.type === 'cacheonly') return await work(() => {});
  return await progress.step(exportNames[first.type]).do((step) => work((line) => step.note(line)));
}

const exportNames: Readonly<Record<Exclude<BuildOutput['type'], 'cacheonly'>, string>> = {
  image: 'exporting to image',
  oci: 'exporting to oci image format',
  docker: 'exporting to docker image format',
  local: 'exporting to client directory',
  tar: 'exporting to client tarball',
};

function tellResult(progress: BuildProgress, { outputs }: BuildRequest, { id }: BuildResult): void {
  if (id === undefined) return;
  const names = outputs.flatMap((output) => (output.type === 'image' && output.store ? output.names : []));
  progress.tell({ kind: 'result', id, names });
}
