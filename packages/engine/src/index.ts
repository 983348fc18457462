export { type Diagnosis, diagnose, type Finding, type HealthCheck } from './doctor/doctor.ts';
export { machineChecks } from './doctor/machine-checks.ts';
export type { Engine } from './engine.ts';
export type { EngineOptions } from './engine-options.ts';
export { AllTagsNotBuiltError, DataRootLockedError } from './errors.ts';
export { openEngine } from './open-engine.ts';
export type { RunOptions, RunResult } from './run.ts';
export { gantryVersion } from './version.ts';
