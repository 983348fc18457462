export { gantryVersion } from '@gantry/base';
export {
  type BuildResult,
  from,
  Recipe,
  type RecipeMount,
  readBuildOutput,
  scratch,
} from '@gantry/builder';
export { parseBinarySize, resourceLimits } from '@gantry/containers';
export type { AddressPoolRange, DefaultBridgeSettings } from '@gantry/network';
export { AuthorizationDeniedError, AuthorizationFailedError } from './authorization/errors.ts';
export type { RecipeOptions } from './build-recipe.ts';
export type { CachePolicy, DefaultBounds } from './disk/cache-policies.ts';
export { checkCacheFilters } from './disk/cache-pruning.ts';
export { type Diagnosis, diagnose, type Finding, type HealthCheck } from './doctor/doctor.ts';
export { machineChecks } from './doctor/machine-checks.ts';
export type { Engine } from './engine.ts';
export type { EngineNetworkOptions, EngineOptions } from './engine-options.ts';
export { DataRootLockedError } from './errors.ts';
export { type ClosedEngine, checkClosedEngine } from './fsck/check-closed-engine.ts';
export type { Problem } from './fsck/problem.ts';
export { findInitProgram } from './init-program.ts';
export { openEngine } from './open-engine.ts';
export { maskedUrl, type ProxySettings } from './proxy-info.ts';
export type { RunOptions, RunResult } from './run.ts';
export {
  type BuilderSettings,
  defaultBuilderSettings,
  defaultSettings,
  type EngineSettings,
} from './settings/engine-settings.ts';
export { RuntimeConfigError } from './settings/runtime-table.ts';
