import { BuildOptionNotBuiltError } from '@gantry/builder';
import {
  type Call,
  control,
  type Draft,
  GrpcError,
  implement,
  type MessageStream,
  type ServiceTable,
  StatusCode,
  type sourcePolicy,
} from '@gantry/buildkit';
import type { BuildHistory } from './build-history.ts';
import type { BuildJobs } from './build-job.ts';
import type { UsageRecord } from './cache-records.ts';
import { versionRecord, type WorkerFacts, workerRecord } from './worker.ts';

/** What Control's calls do. */
export interface ControlParts {
  readonly jobs: BuildJobs;
  readonly worker: WorkerFacts;
  readonly history: BuildHistory;
  solve(request: control.SolveRequest, call: Call): Promise<Draft<control.SolveResponse>>;
  /** A session within this connection. */
  acceptSession(
    messages: MessageStream<control.BytesMessage, control.BytesMessage>,
    call: Call,
  ): Promise<void>;
  usage(request: control.DiskUsageRequest): Promise<UsageRecord[]>;
  /** Returns what is gone. */
  prune(request: control.PruneRequest): Promise<UsageRecord[]>;
}

/** `moby.buildkit.v1.Control`. */
export function controlService(parts: ControlParts): ServiceTable {
  const { jobs, worker, history } = parts;
  return implement(control.Control, {
    solve: (request, call) => parts.solve(request, call),
    async *status({ ref }, { signal }) {
      const over = history.status(ref);
      if (over === undefined) yield* (await jobs.get(ref, signal)).status.read(signal);
      else yield* over;
    },
    session: (messages, call) => parts.acceptSession(messages, call),
    listWorkers: () => ({ record: [workerRecord(worker)] }),
    info: () => ({ buildkitVersion: versionRecord() }),
    listenBuildHistory: (request, { signal }) => history.listen(request, signal),
    updateBuildHistory: (request) => {
      history.update(request);
      return {};
    },
    diskUsage: async (request) => ({ record: await parts.usage(request) }),
    async *prune(request) {
      yield* await parts.prune(request);
    },
  });
}

/** A graph that is no Dockerfile's. */
export function refuseDefinition(): GrpcError {
  return new GrpcError(
    StatusCode.unimplemented,
    'definitions in LLB are not built here: Dockerfiles are (dockerfile.v0)',
  );
}

/** A rule that nobody keeps would be worse than none. */
export function refuseSourcePolicies(policies: readonly (sourcePolicy.Policy | undefined)[]): void {
  if (policies.some((policy) => (policy?.rules.length ?? 0) > 0))
    throw new BuildOptionNotBuiltError('a source policy');
}
