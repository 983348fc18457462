import {
  type Call,
  control,
  type Draft,
  GrpcError,
  implement,
  type MessageStream,
  type ServiceTable,
  StatusCode,
} from '@gantry/buildkit';
import type { BuildJobs } from './build-job.ts';
import { versionRecord, type WorkerFacts, workerRecord } from './worker.ts';

/** What Control's calls do. */
export interface ControlParts {
  readonly jobs: BuildJobs;
  readonly worker: WorkerFacts;
  solve(request: control.SolveRequest, call: Call): Promise<Draft<control.SolveResponse>>;
  /** A session within this connection. */
  acceptSession(
    messages: MessageStream<control.BytesMessage, control.BytesMessage>,
    call: Call,
  ): Promise<void>;
  usage(): Draft<control.UsageRecord>[];
  prune(request: control.PruneRequest): Draft<control.UsageRecord>[];
}

/** `moby.buildkit.v1.Control`. */
export function controlService(parts: ControlParts): ServiceTable {
  const { jobs, worker } = parts;
  return implement(control.Control, {
    solve: (request, call) => parts.solve(request, call),
    async *status({ ref }, { signal }) {
      yield* (await jobs.get(ref, signal)).status.read(signal);
    },
    session: (messages, call) => parts.acceptSession(messages, call),
    listWorkers: () => ({ record: [workerRecord(worker)] }),
    info: () => ({ buildkitVersion: versionRecord() }),
    diskUsage: () => ({ record: parts.usage() }),
    async *prune(request) {
      yield* parts.prune(request);
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
