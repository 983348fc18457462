import type {
  ContainerBackend,
  ContainerFilesBackend,
  DiskBackend,
  ExecBackend,
  ImageBackend,
  NetworkBackend,
  SystemBackend,
  VolumeBackend,
} from '@gantry/http-api';
import type { RunOptions, RunResult } from './run.ts';

/**
 * A container engine inside this program. The backends are the Engine API's operations as methods; `createApiServer` of
 * `@gantry/http-api` serves them to others.
 */
export interface Engine extends AsyncDisposable {
  readonly containers: ContainerBackend;
  readonly execs: ExecBackend;
  readonly files: ContainerFilesBackend;
  readonly images: ImageBackend;
  readonly networks: NetworkBackend;
  readonly system: SystemBackend;
  readonly volumes: VolumeBackend;
  readonly disk: DiskBackend;

  /** Runs a container to its end, collects its output and removes it. Throws what `create` and `start` throw. */
  run(image: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;

  /** Stores what was output so far and lets go; containers run on. Idempotent. */
  [Symbol.asyncDispose](): Promise<void>;
}
