import { randomUUID } from 'node:crypto';
import {
  CheckReporter,
  checkDockerfile,
  type Dockerfile,
  parseCheckOptions,
  parseDockerfile,
  type Stage,
} from '@gantry/dockerfile';
import { familiarString, hostPlatform, type Platform, parseReference } from '@gantry/oci';
import type { BuildRequest, BuildResult } from './build-request.ts';
import type { BuilderEnvironment } from './builder-environment.ts';
import { openContext } from './context/open-context.ts';
import { InvalidBuildError } from './errors.ts';
import { attest } from './output/attest/attest.ts';
import { Materials } from './output/attest/materials.ts';
import { exportOutputs, type PlatformAttestations } from './output/export-outputs.ts';
import type { PlatformResult } from './output/platform-image.ts';
import { BuildArguments } from './plan/build-arguments.ts';
import { checkSyntax } from './plan/check-syntax.ts';
import { refuseCircles, StageNames } from './plan/choose-stages.ts';
import { neededStages, stagesNeededBy } from './plan/needed-stages.ts';
import { BuildProgress } from './progress/stage-progress.ts';
import { shortId } from './stages/build-stage.ts';
import { buildStages } from './stages/build-stages.ts';
import type { Build } from './stages/stage-build.ts';

/** One build, from its context to its outputs. See `BuildService.build`. */
export async function runBuild(environment: BuilderEnvironment, request: BuildRequest): Promise<BuildResult> {
  await using keep = environment.ports.images.keep();
  const { dockerfile, ...context } = await openContext(environment, request, keep);
  const file = parseDockerfile(dockerfile);
  checkSyntax(file);
  const progress = new BuildProgress(request.onText);
  const checks = new CheckReporter(parseCheckOptions(file.directives.check ?? ''));
  checkDockerfile(file, checks);
  const names = new StageNames(file);
  const materials = new Materials();
  const startedAt = environment.clock.now();
  const common = { environment, request, file, names, context, keep, checks, materials };
  const results: PlatformResult[] = [];
  let unused: readonly string[] = [];
  // One after the other: what platforms have in common comes from the cache then.
  for (const platform of request.platforms) {
    const built = await buildPlatform({ ...common, platform }, progress);
    results.push(built.result);
    unused = built.unused;
  }
  failOnChecks(file, checks);
  const facts = {
    id: randomUUID(),
    request,
    dockerfile,
    materials: materials.list(),
    startedAt,
    finishedAt: environment.clock.now(),
  };
  const wishes = request.attestations;
  const exported = await exportOutputs(request.outputs, {
    environment,
    request,
    results,
    attestations: attestedOnce((result) => attest(environment, result, { wishes, facts })),
    keep,
    signal: request.signal,
    tell: (line) => progress.text(`${line}\n`),
  });
  tell(progress, { ...exported, request, checks, unused });
  return exported;
}

async function buildPlatform(
  common: Omit<Build, 'arguments' | 'stage' | 'image' | 'signal'>,
  progress: BuildProgress,
): Promise<{ result: PlatformResult; unused: readonly string[] }> {
  const { file, names, request, platform } = common;
  const target = names.target(request.target);
  const buildArguments = argumentsOf(file, request, { target, platform });
  const needs = (stage: Stage) => stagesNeededBy(stage, names, buildArguments);
  refuseCircles(target, needs);
  const stages = neededStages(target, file, needs);
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

function failOnChecks({ directives }: Dockerfile, { warnings }: CheckReporter): void {
  if (!parseCheckOptions(directives.check ?? '').error || warnings.length === 0) return;
  const rules = [...new Set(warnings.map(({ name }) => name))].join(', ');
  throw new InvalidBuildError(`lint violation found for rules: ${rules}`);
}

interface Told extends BuildResult {
  request: BuildRequest;
  checks: CheckReporter;
  unused: readonly string[];
}

/** Clients look for the last two lines. */
function tell(progress: BuildProgress, { id, request, checks, unused }: Told): void {
  if (unused.length > 0)
    progress.text(`[Warning] One or more build-args [${unused.join(' ')}] were not consumed\n`);
  for (const { name, message, lines } of checks.warnings)
    progress.text(`[Warning] ${name}: ${message} (line ${lines.first})\n`);
  if (id === undefined) return;
  progress.text(`Successfully built ${shortId(id)}\n`);
  const stored = request.outputs.flatMap((output) =>
    output.type === 'image' && output.store ? output.names : [],
  );
  for (const name of stored) progress.text(`Successfully tagged ${familiarString(parseReference(name))}\n`);
}
