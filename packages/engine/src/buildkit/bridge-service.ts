import { createHash, randomBytes } from 'node:crypto';
import { BuildOptionNotBuiltError, InvalidBuildError, type ResultFiles } from '@gantry/builder';
import {
  type Call,
  type Draft,
  encodeMessage,
  gateway,
  implement,
  ops,
  type ServiceTable,
} from '@gantry/buildkit';
import type { BridgeSources } from './bridge-sources.ts';
import { type BuildJob, type BuildJobs, UnknownBuildError } from './build-job.ts';
import { capabilities } from './capabilities.ts';
import { refuseDefinition, refuseSourcePolicies } from './control-service.ts';
import { statMessage } from './stat-message.ts';
import { type WorkerFacts, workerRecord } from './worker.ts';

/** What LLBBridge's calls do. */
export interface BridgeParts {
  readonly jobs: BuildJobs;
  readonly worker: WorkerFacts;
  /** Plans a build, under a reference, or answers the question that is asked instead. */
  plan(job: BuildJob, request: gateway.SolveRequest, ref: string): Promise<BridgeAnswer>;
  /** Builds what was planned under a reference. */
  evaluate(job: BuildJob, ref: string): Promise<void>;
  /** Its files, built before when they are not yet; the caller disposes. */
  files(job: BuildJob, ref: string): Promise<ResultFiles>;
  readonly sources: BridgeSources;
}

export interface BridgeAnswer {
  /** There is a build behind the reference. */
  readonly isBuild: boolean;
  readonly metadata: ReadonlyMap<string, Uint8Array>;
}

/** In the graph of a result stands where it comes from: clients hand it back as the input of another build. */
export const resultScheme = 'gantry-result://';

/** `moby.buildkit.v1.frontend.LLBBridge`: how buildx drives a build. */
export function bridgeService(parts: BridgeParts): ServiceTable {
  const jobOf = ({ headers, signal }: Call): Promise<BuildJob> => {
    const ref = headers['buildkit-controlapi-buildid'];
    if (typeof ref !== 'string') throw new UnknownBuildError('');
    return parts.jobs.get(ref, signal);
  };
  return implement(gateway.LLBBridge, {
    ping: async (_, call) => {
      await jobOf(call);
      return { ...capabilities(), workers: [workerRecord(parts.worker)] };
    },
    solve: async (request, call) => solve(parts, await jobOf(call), request),
    evaluate: async ({ ref }, call) => {
      await parts.evaluate(await jobOf(call), ref);
      return {};
    },
    resolveImageConfig: async (request, call) =>
      await parts.sources.config(await jobOf(call), request.ref, request),
    resolveSourceMeta: async (request, call) => {
      refuseSourcePolicies(request.sourcePolicies);
      return await parts.sources.meta(await jobOf(call), request);
    },
    readFile: async ({ ref, filePath, range }, call) => {
      await using files = await parts.files(await jobOf(call), ref);
      const { offset = 0, length: lengthBytes = 0 } = range ?? {};
      return { data: files.read(filePath, { offset, lengthBytes }) };
    },
    readDir: async ({ ref, dirPath, includePattern }, call) => {
      await using files = await parts.files(await jobOf(call), ref);
      return { entries: files.list(dirPath, includePattern).map(statMessage) };
    },
    statFile: async ({ ref, path }, call) => {
      await using files = await parts.files(await jobOf(call), ref);
      return { stat: statMessage(files.stat(path)) };
    },
    return: async (request, call) => {
      (await jobOf(call)).takeReturn(request);
      return {};
    },
    inputs: async () => ({}),
    warn: async (warning, call) => {
      (await jobOf(call)).status.warn(warning);
      return {};
    },
    newContainer: () =>
      Promise.reject(new BuildOptionNotBuiltError('a container of a frontend (NewContainer)')),
    execProcess: () => Promise.reject(new BuildOptionNotBuiltError('a process of a frontend (ExecProcess)')),
  });
}

async function solve(
  parts: BridgeParts,
  job: BuildJob,
  request: gateway.SolveRequest,
): Promise<Draft<gateway.SolveResponse>> {
  refuseSourcePolicies(request.sourcePolicies);
  if (request.frontend === '') {
    if ((request.definition?.def.length ?? 0) > 0) throw refuseDefinition();
    return request.allowResultReturn ? { result: { ref: {} } } : {};
  }
  const ref = randomBytes(16).toString('hex');
  const { isBuild, metadata } = await parts.plan(job, request, ref);
  if (request.evaluate && isBuild) await parts.evaluate(job, ref);
  const id = isBuild ? ref : '';
  if (!request.allowResultReturn) return { ref: id };
  return { ref: id, result: { metadata, ...(isBuild && { ref: { id, def: resultDefinition(job, ref) } }) } };
}

/** A vertex, and the one without an operation that ends every graph. A graph without metadata is none to clients. */
function resultDefinition(job: BuildJob, ref: string): Draft<ops.Definition> {
  const vertex = encodeMessage(ops.Op, { source: { identifier: `${resultScheme}${job.ref}/${ref}` } });
  const digest = `sha256:${createHash('sha256').update(vertex).digest('hex')}`;
  const end = encodeMessage(ops.Op, { inputs: [{ digest }] });
  return { def: [vertex, end], metadata: new Map([[digest, { caps: new Map([['source.image', true]]) }]]) };
}

/** The reference that a client returns as its result; undefined when it returns nothing. */
export function returnedRef({ result }: gateway.ReturnRequest): string | undefined {
  const several = [...(result?.refs?.refs.values() ?? [])].map(({ id }) => id);
  const older = [...(result?.refsDeprecated?.refs.values() ?? [])];
  const all = [result?.ref?.id, result?.refDeprecated, ...several, ...older].filter(
    (id) => id !== undefined && id !== '',
  );
  if (new Set(all).size > 1) throw new InvalidBuildError('a result of several builds is not supported');
  return all[0];
}
