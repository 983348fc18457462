import { EngineError } from '@gantry/base';
import type { BuildRequest, BuildResult } from '@gantry/builder';
import type { control, gateway } from '@gantry/buildkit';
import { AwaitedMap } from './awaited-map.ts';
import type { BuildSession } from './sessions.ts';
import { StatusLog } from './status-log.ts';

/** A build that nobody has begun, or that is long over. */
export class UnknownBuildError extends EngineError {
  override readonly name = 'UnknownBuildError';
  constructor(ref: string) {
    super('not-found', 'build-unknown', `no such job ${ref}`, { details: { ref } });
  }
}

/** A build that a frontend was asked for, and that is begun when its result is. */
export type PlannedBuild = Omit<BuildRequest, 'outputs' | 'onEvent' | 'signal' | 'cacheTo'>;

/** A build of one client, from its Solve to its end. */
export class BuildJob {
  readonly ref: string;
  readonly request: control.SolveRequest;
  readonly session: BuildSession | undefined;
  readonly status: StatusLog = new StatusLog();
  readonly signal: AbortSignal;
  /** What frontends were asked for, by the reference that the client got. */
  readonly planned: Map<string, PlannedBuild> = new Map();
  /** Results that were asked for on their own, each made once. */
  readonly evaluated: Map<string, Promise<BuildResult>> = new Map();
  /** What the client asks of a frontend, when it drives the build by itself. */
  frontendAttributes: ReadonlyMap<string, string> | undefined;
  readonly #returned = Promise.withResolvers<gateway.ReturnRequest>();

  constructor(
    request: control.SolveRequest,
    { session, signal }: { session: BuildSession | undefined; signal: AbortSignal },
  ) {
    this.ref = request.ref;
    this.request = request;
    this.session = session;
    this.signal = signal;
    this.#returned.promise.catch(() => {});
    signal.addEventListener('abort', () => this.#returned.reject(signal.reason), { once: true });
  }

  /** The client's last word, of a build that it drives by itself. */
  returned(): Promise<gateway.ReturnRequest> {
    return this.#returned.promise;
  }

  /** Of several the first counts. */
  takeReturn(request: gateway.ReturnRequest): void {
    this.#returned.resolve(request);
  }
}

/** Clients ask about a build while they begin it. */
const jobWaitMs = 5000;

/** The builds that are under way, by their references. */
export class BuildJobs {
  readonly #jobs = new AwaitedMap<BuildJob>();

  /** Throws when one by this reference is under way. */
  add(job: BuildJob): void {
    if (this.#jobs.get(job.ref)?.status.isOver === false)
      throw new EngineError('conflict', 'build-ref-taken', `job ID ${job.ref} already exists`);
    this.#jobs.set(job.ref, job);
  }

  delete(job: BuildJob): void {
    if (this.#jobs.get(job.ref) === job) this.#jobs.delete(job.ref);
  }

  list(): BuildJob[] {
    return this.#jobs.values();
  }

  /** The build, which may be about to begin. Throws `UnknownBuildError`. */
  get(ref: string, signal: AbortSignal): Promise<BuildJob> {
    return this.#jobs.wait(ref, { signal, timeoutMs: jobWaitMs, missing: () => new UnknownBuildError(ref) });
  }
}
