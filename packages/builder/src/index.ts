export type {
  AgentConnection,
  BuildClient,
  ClientContent,
  ClientCredentials,
  ClientDirectory,
  ClientOptions,
  DirectoryWish,
  FileEntry,
  FileSource,
  OutgoingBlob,
} from './build-client.ts';
export type {
  BuildRequest,
  BuildResult,
  CacheLocation,
  ContextSource,
  DockerfileSource,
} from './build-request.ts';
export { BuildService, type BuildServiceOptions, type CacheUsage } from './build-service.ts';
export type { BuilderDefaults, BuilderPorts } from './builder-environment.ts';
export { cachedLayers, cacheId } from './cache/build-cache.ts';
export type { CacheEntry, CachePruning, PrunedCache } from './cache/prune-cache.ts';
export {
  BuildCommandError,
  BuildOptionNotBuiltError,
  InvalidBuildError,
  SourceNotFoundError,
} from './errors.ts';
export {
  type AttestationWishes,
  type ProvenanceWish,
  readAttestations,
  type SbomWish,
} from './output/attest/attestation-wishes.ts';
export {
  type ArchiveOutput,
  type BuildOutput,
  type CacheOnlyOutput,
  type FilesOutput,
  type ImageOutput,
  imageOutput,
  type OutputForm,
} from './output/build-output.ts';
export { type OutputText, readBuildOutput } from './output/read-output.ts';
export type { ResultFiles } from './output/result-files.ts';
export { type BuildOutline, outlineOf } from './plan/outline.ts';
export type { BuildEvent, BuildVertex, StepStatus } from './progress/build-event.ts';
export { ClassicText } from './progress/classic-text.ts';
export { directoryContext } from './recipe/directory-context.ts';
export { from, Recipe, scratch } from './recipe/recipe.ts';
export type { RecipeMount, RunSettings, TransferSettings } from './recipe/recipe-step.ts';
export { renderRecipe } from './recipe/render-recipe.ts';
