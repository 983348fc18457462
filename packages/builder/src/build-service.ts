import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Logger } from '@gantry/base';
import {
  CheckReporter,
  type CheckWarning,
  checkDockerfile,
  type Dockerfile,
  parseCheckOptions,
  parseDockerfile,
  type Stage,
} from '@gantry/dockerfile';
import { type Digest, familiarString, hostPlatform, parseReference } from '@gantry/oci';
import type { MetadataStore } from '@gantry/state';
import type { BuildRequest, BuiltImage } from './build-request.ts';
import type { BuilderDefaults, BuilderEnvironment, BuilderPorts } from './builder-environment.ts';
import { BuildCache, cacheId } from './cache/build-cache.ts';
import { CacheMounts } from './cache/cache-mounts.ts';
import { type CachePruning, type PrunedCache, pruneCache } from './cache/prune-cache.ts';
import { openContext } from './context/open-context.ts';
import { InvalidBuildError } from './errors.ts';
import { assembleImage } from './output/assemble-image.ts';
import { BuildArguments } from './plan/build-arguments.ts';
import { checkSyntax } from './plan/check-syntax.ts';
import { refuseCircles, StageNames } from './plan/choose-stages.ts';
import { neededStages, stagesNeededBy } from './plan/needed-stages.ts';
import { BuildProgress } from './progress/stage-progress.ts';
import { shortId } from './stages/build-stage.ts';
import { buildStages } from './stages/build-stages.ts';
import { isStepId } from './steps/layered-tree.ts';

export interface BuildServiceOptions {
  ports: BuilderPorts;
  defaults: BuilderDefaults;
  store: MetadataStore;
  /** Holds cache mounts and files of the moment. */
  directory: string;
  clock: Clock;
  logger: Logger;
}

/** One step in the cache, by the Engine API's names. */
export interface CacheUsage {
  ID: string;
  Type: 'regular';
  Description: string;
  InUse: boolean;
  Shared: boolean;
  /** Bytes of its layer's tar. */
  Size: number;
  CreatedAt: string;
  LastUsedAt: string;
  UsageCount: number;
}

/** Builds images from Dockerfiles. */
export class BuildService {
  readonly #environment: BuilderEnvironment;

  private constructor({ ports, defaults, store, directory, clock, logger }: BuildServiceOptions) {
    this.#environment = {
      ports,
      defaults,
      cache: new BuildCache(store, clock),
      cacheMounts: new CacheMounts(path.join(directory, 'cache-mounts')),
      steps: new Set(),
      workDirectory: path.join(directory, 'work'),
      clock,
      logger: logger.child({ component: 'builder' }),
    };
  }

  /** Removes what steps of an earlier engine left: processes, file systems, files of the moment. */
  static async open(options: BuildServiceOptions): Promise<BuildService> {
    const service = new BuildService(options);
    const { workDirectory, ports } = service.#environment;
    await rm(workDirectory, { recursive: true, force: true });
    await mkdir(workDirectory, { recursive: true, mode: 0o700 });
    for (const id of ports.runtime.list().filter(isStepId)) await ports.runtime.remove(id);
    for (const id of (await ports.snapshots.list()).filter(isStepId)) await ports.snapshots.remove(id);
    return service;
  }

  /**
   * Builds an image. It appears whole, with its names; nothing is left when it fails, but what was built is remembered. Throws `DockerfileError`, `InvalidBuildError`, `BuildCommandError`, and what its steps throw.
   */
  async build(request: BuildRequest): Promise<BuiltImage> {
    const { ports } = this.#environment;
    await using keep = ports.images.keep();
    const context = await openContext(this.#environment, request, keep);
    const file = parseDockerfile(context.dockerfile);
    checkSyntax(file);
    const progress = new BuildProgress(request.onText);
    const checks = new CheckReporter(checkOptions(file));
    checkDockerfile(file, checks);
    const names = new StageNames(file);
    const target = names.target(request.target);
    const buildArguments = argumentsOf(file, request, target);
    const needs = (stage: Stage) => stagesNeededBy(stage, names, buildArguments);
    refuseCircles(target, needs);
    const stages = neededStages(target, file, needs);
    const common = {
      request,
      file,
      names,
      arguments: buildArguments,
      context,
      keep,
      checks,
    };
    const state = await buildStages(
      { ...common, environment: this.#environment },
      { stages, target, progress },
    );
    failOnChecks(file, checks);
    const id = await assembleImage(this.#environment, state, request);
    tell(progress, { id, request, checks: checks.warnings, unused: buildArguments.unused() });
    return { id };
  }

  /** Ids of the file systems and processes of steps that are under way. */
  activeSteps(): ReadonlySet<string> {
    return this.#environment.steps;
  }

  /** The cache, a step each, as `docker system df -v` shows it. */
  cacheUsage(): CacheUsage[] {
    return this.#environment.cache.entries().map(({ key, step }) => ({
      ID: cacheId(key),
      Type: 'regular',
      Description: step.description,
      InUse: false,
      Shared: false,
      Size: step.layer?.sizeBytes ?? 0,
      CreatedAt: step.createdAt,
      LastUsedAt: step.usedAt,
      UsageCount: step.uses,
    }));
  }

  /** Forgets steps; their layers go with the next collection of garbage. */
  pruneCache(pruning: CachePruning): PrunedCache {
    return pruneCache(this.#environment.cache, pruning);
  }

  /** Layers that the cache needs. */
  retainedLayers(): Digest[] {
    return this.#environment.cache.layers();
  }
}

function argumentsOf(file: Dockerfile, request: BuildRequest, target: Stage): BuildArguments {
  const buildArguments = new BuildArguments({
    given: request.buildArguments,
    buildPlatform: hostPlatform(),
    targetPlatform: request.platform,
    targetStage: request.target === '' ? 'default' : target.from.stageName || request.target,
    escape: file.directives.escape,
  });
  buildArguments.declareGlobals(file.globalArguments);
  return buildArguments;
}

function checkOptions({ directives }: Dockerfile): ReturnType<typeof parseCheckOptions> {
  return parseCheckOptions(directives.check ?? '');
}

function failOnChecks(file: Dockerfile, { warnings }: CheckReporter): void {
  if (!checkOptions(file).error || warnings.length === 0) return;
  const rules = [...new Set(warnings.map(({ name }) => name))].join(', ');
  throw new InvalidBuildError(`lint violation found for rules: ${rules}`);
}

interface Result {
  id: Digest;
  request: BuildRequest;
  checks: readonly CheckWarning[];
  unused: readonly string[];
}

/** Clients look for the last two lines. */
function tell(progress: BuildProgress, { id, request, checks, unused }: Result): void {
  if (unused.length > 0)
    progress.text(`[Warning] One or more build-args [${unused.join(' ')}] were not consumed\n`);
  for (const { name, message, lines } of checks)
    progress.text(`[Warning] ${name}: ${message} (line ${lines.first})\n`);
  progress.text(`Successfully built ${shortId(id)}\n`);
  for (const reference of request.references)
    progress.text(`Successfully tagged ${familiarString(parseReference(reference))}\n`);
}
