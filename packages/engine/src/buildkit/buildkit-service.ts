import type { Duplex } from 'node:stream';
import type { Clock, Logger } from '@gantry/base';
import {
  BuildOptionNotBuiltError,
  type BuildResult,
  type BuildService,
  readBuildOutput,
} from '@gantry/builder';
import {
  type Call,
  type control,
  type Draft,
  decodeMessage,
  GrpcError,
  type gateway,
  health,
  implement,
  ops,
  type ServiceTable,
  serveGrpc,
} from '@gantry/buildkit';
import type { EventHub } from '@gantry/containers';
import type { BuildkitBackend, DiskBackend, SessionOffer } from '@gantry/http-api';
import type { MetadataStore } from '@gantry/state';
import { publishBuild } from '../build-view.ts';
import { type BridgeAnswer, bridgeService, resultScheme, returnedRef } from './bridge-service.ts';
import { BridgeSources } from './bridge-sources.ts';
import { grpcErrorOf } from './build-error.ts';
import { BuildHistory, type BuildOutcome } from './build-history.ts';
import { BuildJob, BuildJobs, type PlannedBuild, UnknownBuildError } from './build-job.ts';
import { cacheFilters, matchesFilters, type UsageRecord, usageRecord } from './cache-records.ts';
import { controlService, refuseDefinition, refuseSourcePolicies } from './control-service.ts';
import { type FrontendOptions, type FrontendRequest, planFrontend } from './plan-frontend.ts';
import { readDefinition } from './read-definition.ts';
import { BuildSessions, offerOfHeaders } from './sessions.ts';
import { streamSocket } from './stream-socket.ts';
import { answerSubrequest } from './subrequests.ts';
import type { WorkerFacts } from './worker.ts';

export interface BuildkitServiceOptions extends FrontendOptions {
  builds: BuildService;
  store: MetadataStore;
  clock: Clock;
  events: EventHub;
  prune: DiskBackend['pruneBuildCache'];
  worker: WorkerFacts;
  logger: Logger;
}

/** BuildKit's services for its clients: builds that buildx and Compose begin, drive and watch. */
export class BuildkitService implements BuildkitBackend {
  readonly #options: BuildkitServiceOptions;
  readonly #sessions = new BuildSessions();
  readonly #jobs = new BuildJobs();
  readonly #history: BuildHistory;
  readonly #services: readonly ServiceTable[];

  constructor(options: BuildkitServiceOptions) {
    this.#options = options;
    this.#history = new BuildHistory(options.store, options.clock);
    const parts = { jobs: this.#jobs, worker: options.worker };
    this.#services = [
      controlService({
        ...parts,
        history: this.#history,
        solve: (request, call) => this.#solve(request, call),
        acceptSession: (messages, { headers, signal }) =>
          this.#sessions.accept(streamSocket(messages), offerOfHeaders(headers), signal),
        usage: (request) => this.#usage(request),
        prune: (request) => this.#prune(request),
      }),
      bridgeService({
        ...parts,
        plan: (job, request, ref) =>
          this.#plan(job, request, ref).catch((error: unknown) => {
            throw grpcErrorOf(error, { definition: undefined, lines: undefined });
          }),
        evaluate: async (job, ref) => void (await this.#evaluate(job, ref)),
        files: async (job, ref) => await options.builds.openFiles((await this.#evaluate(job, ref)).id ?? ''),
        sources: new BridgeSources(options),
      }),
      implement(health.Health, { check: () => ({ status: health.ServingStatus.serving }) }),
    ];
  }

  async serve(socket: Duplex, signal: AbortSignal): Promise<void> {
    const connection = serveGrpc(socket, { services: this.#services, logger: this.#options.logger });
    const close = (): void => connection.close();
    signal.addEventListener('abort', close, { once: true });
    await connection.closed;
    signal.removeEventListener('abort', close);
  }

  acceptSession(socket: Duplex, offer: SessionOffer, signal: AbortSignal): Promise<void> {
    return this.#sessions.accept(socket, offer, signal);
  }

  async #solve(request: control.SolveRequest, { signal }: Call): Promise<Draft<control.SolveResponse>> {
    refuseUnbuilt(request);
    const session = request.session === '' ? undefined : await this.#sessions.get(request.session, signal);
    const job = new BuildJob(request, { session, signal });
    this.#jobs.add(job);
    this.#history.begin(job);
    let outcome: BuildOutcome = { response: new Map() };
    try {
      const planned = await this.#result(job);
      if (planned !== undefined) outcome = { response: responseOf(await this.#build(job, planned)) };
      return { exporterResponse: outcome.response };
    } catch (error) {
      const { definition, failedLines: lines } = job.status;
      const failure = grpcErrorOf(error, { definition, lines });
      outcome = { response: new Map(), error: { code: failure.statusCode, message: failure.message } };
      throw failure;
    } finally {
      job.status.end();
      this.#history.complete(job, outcome);
      this.#forget(job);
    }
  }

  /** Clients that read the end of the status late still find it. */
  #forget(job: BuildJob): void {
    const timer = setTimeout(() => this.#jobs.delete(job), 10_000);
    timer.unref();
  }

  /** What is to be built: what the request says, or what the client drives it to. */
  async #result(job: BuildJob): Promise<PlannedBuild | undefined> {
    const { request, signal, session } = job;
    if (request.frontend !== '') {
      const { frontend, frontendAttrs: attributes, entitlements } = request;
      return planFrontend(this.#options, { frontend, attributes, session, entitlements, signal }).build;
    }
    const returned = await job.returned();
    if (returned.error !== undefined) {
      const { code, message, details } = returned.error;
      throw new GrpcError(code, message, details);
    }
    const ref = returnedRef(returned);
    return ref === undefined ? undefined : plannedIn(job, ref);
  }

  async #build(job: BuildJob, planned: PlannedBuild): Promise<BuildResult> {
    const { exporters, exporterDeprecated: type, exporterAttrsDeprecated: attrs, cache } = job.request;
    const wanted = exporters.length > 0 || type === '' ? exporters : [{ type, attrs }];
    const outputs = wanted.map(({ type, attrs }, index) =>
      readBuildOutput({ type, attributes: attrs, id: String(index) }),
    );
    const result = await this.#options.builds.build({
      ...planned,
      outputs,
      cacheTo: (cache?.exports ?? []).map(({ type, attrs }) => ({ type, attributes: attrs })),
      onEvent: (event) => job.status.take(event),
      signal: job.signal,
    });
    publishBuild(this.#options.events, result, outputs);
    return result;
  }

  async #plan(job: BuildJob, request: gateway.SolveRequest, ref: string): Promise<BridgeAnswer> {
    const { frontend, frontendOpt, frontendInputs } = request;
    const { session, signal } = job;
    const attributes = new Map(frontendOpt);
    for (const [name, definition] of frontendInputs)
      await this.#input(attributes, { name, definition, signal });
    const { entitlements } = job.request;
    const wanted: FrontendRequest = { frontend, attributes, session, entitlements, signal };
    const { build, requestId } = planFrontend(this.#options, wanted);
    if (requestId !== '') {
      const definition = await readDefinition(build, signal);
      return { isBuild: false, metadata: answerSubrequest(requestId, definition, build) };
    }
    job.frontendAttributes = attributes;
    job.planned.set(ref, build);
    return { isBuild: true, metadata: new Map() };
  }

  /** Results of other builds come as graphs that we gave to the client: they are named contexts from here on. */
  async #input(
    attributes: Map<string, string>,
    { name, definition, signal }: { name: string; definition: ops.Definition; signal: AbortSignal },
  ): Promise<void> {
    const identifiers = definition.def.map((bytes) => decodeMessage(ops.Op, bytes).source?.identifier ?? '');
    const found = identifiers.find((identifier) => identifier.startsWith(resultScheme));
    if (found === undefined) throw refuseDefinition();
    const path = found.slice(resultScheme.length);
    const slash = path.lastIndexOf('/');
    const job = await this.#jobs.get(path.slice(0, slash), signal);
    const { id } = await this.#evaluate(job, path.slice(slash + 1));
    for (const [key, value] of attributes)
      if (key.startsWith('context:') && value === `input:${name}`) attributes.set(key, `result:${id}`);
  }

  async #usage({ filter }: control.DiskUsageRequest): Promise<UsageRecord[]> {
    const filters = cacheFilters(filter, 0n);
    const all = await this.#options.builds.cacheUsage();
    return all.filter((usage) => matchesFilters(usage, filters)).map(usageRecord);
  }

  async #prune(request: control.PruneRequest): Promise<UsageRecord[]> {
    const { filter, keepDuration, all, reservedSpace, maxUsedSpace, minFreeSpace } = request;
    const before = await this.#options.builds.cacheUsage();
    const named = {
      'reserved-space': reservedSpace,
      'max-used-space': maxUsedSpace,
      'min-free-space': minFreeSpace,
    };
    const bounds = new Map(Object.entries(named).filter(([, bytes]) => bytes > 0));
    const gone = await this.#options.prune(cacheFilters(filter, keepDuration), { all, bounds });
    const ids = new Set(gone.CachesDeleted);
    return before.filter(({ ID }) => ids.has(ID)).map(usageRecord);
  }

  /** Builds into an image without a name. */
  #evaluate(job: BuildJob, ref: string): Promise<BuildResult> {
    const known = job.evaluated.get(ref);
    if (known !== undefined) return known;
    const output = readBuildOutput({ type: 'image', attributes: new Map(), id: '' });
    const result = this.#options.builds.build({
      ...plannedIn(job, ref),
      outputs: [output],
      cacheTo: [],
      onEvent: (event) => job.status.take(event),
      signal: job.signal,
    });
    job.evaluated.set(ref, result);
    return result;
  }
}

/** Clients take the config's digest for the image's id when it is there; here an image of this host is known by its manifest. */
function responseOf({ id, metadata }: BuildResult): ReadonlyMap<string, string> {
  const response = new Map(Object.entries(metadata));
  if (id !== undefined) response.delete('containerimage.config.digest');
  return response;
}

function plannedIn(job: BuildJob, ref: string): PlannedBuild {
  const planned = job.planned.get(ref);
  if (planned === undefined) throw new UnknownBuildError(ref);
  return planned;
}

function refuseUnbuilt({ definition, frontendInputs, ...request }: control.SolveRequest): void {
  if ((definition?.def.length ?? 0) > 0 || frontendInputs.size > 0) throw refuseDefinition();
  refuseSourcePolicies([request.sourcePolicy]);
  if (request.sourcePolicySession !== '') throw new BuildOptionNotBuiltError('a source policy of a session');
  if (request.proxyNetwork) throw new BuildOptionNotBuiltError('a network by proxy');
}
