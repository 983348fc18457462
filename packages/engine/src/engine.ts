import type { BuildResult, Recipe } from '@gantry/builder';
import type {
  BuildBackend,
  BuildkitBackend,
  ContainerBackend,
  ContainerFilesBackend,
  DiskBackend,
  ExecBackend,
  ImageBackend,
  NetworkBackend,
  RegistryBackend,
  RequestGuard,
  SystemBackend,
  VolumeBackend,
} from '@gantry/http-api';
import type { RecipeOptions } from './build-recipe.ts';
import type { RunOptions, RunResult } from './run.ts';
import type { EngineSettings } from './settings/engine-settings.ts';

/**
 * A container engine inside this program. The backends are the Engine API's operations as methods; `createApiServer` of
 * `@gantry/http-api` serves them to others.
 */
export interface Engine extends AsyncDisposable {
  readonly containers: ContainerBackend;
  readonly execs: ExecBackend;
  readonly files: ContainerFilesBackend;
  readonly images: ImageBackend;
  readonly builds: BuildBackend;
  readonly buildkit: BuildkitBackend;
  readonly networks: NetworkBackend;
  readonly registries: RegistryBackend;
  readonly system: SystemBackend;
  readonly volumes: VolumeBackend;
  readonly disk: DiskBackend;

  /** Asks the authorization plugins of the settings: for `createApiServer`. */
  readonly guard: RequestGuard;

  /** Begins to measure what dockerd measures; call it once. `text` has the measures since, in Prometheus' text format. */
  measure(): Promise<{ text(): Promise<string> }>;

  /** The settings now in force. */
  settings(): EngineSettings;
  /**
   * Puts new settings in force and tells it as Docker's event `daemon reload`. Throws `RuntimeConfigError`, and then nothing
   * has changed.
   */
  reload(settings: EngineSettings): void;

  /** Ends all containers, each in its stop timeout and `timeoutSeconds` at most: for a shutdown without live-restore. */
  stopContainers(timeoutSeconds: number): Promise<void>;

  /** Makes an image of a recipe (`from('mirror/debian:bookworm').run('…')`). Throws what its commands, images and files lead to. */
  build(recipe: Recipe, options?: RecipeOptions): Promise<BuildResult>;

  /** Runs a container to its end, collects its output and removes it. Throws what `create` and `start` throw. */
  run(image: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;

  /** Stores what was output so far and lets go; containers run on. Idempotent. */
  [Symbol.asyncDispose](): Promise<void>;
}
