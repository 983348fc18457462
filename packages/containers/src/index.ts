export type { AttachSession } from './attach/attach-session.ts';
export { type FrameRun, type OutputFrame, singleFrames } from './attach/output-frame.ts';
export { ContainerService } from './container-service.ts';
export type { CreateOptions } from './create/create-container.ts';
export { containerCapabilities } from './create/options/capabilities.ts';
export { refuseUnbuiltOptions } from './create/options/refused-options.ts';
export type { HostSecurity, SecurityDefaults } from './create/options/security.ts';
export { type ResourceLimit, resourceLimits } from './create/options/ulimits.ts';
export type {
  ContainerDefaults,
  ContainerPorts,
  CreationDefaults,
  HostFiles,
  InitProgram,
  UserDefaults,
} from './environment.ts';
export {
  AmbiguousContainerError,
  ArchiveRefusedError,
  ContainerNameInUseError,
  ContainerNotFoundError,
  ContainerStateError,
  ContainerUnchangedError,
  DamagedRecordError,
  ExecNotFoundError,
  ExecStateError,
  ForeignUsersError,
  IllegalTransitionError,
  InitMissingError,
  InvalidContainerNameError,
  InvalidFilterError,
  InvalidOptionError,
  LogNotReadableError,
  OptionNotBuiltError,
  PathNotFoundError,
  ProcessListError,
  ReadOnlyPathError,
  SlowClientError,
  UnknownUserError,
} from './errors.ts';
export { type EngineEvent, EventHub, type EventsOptions } from './events/event-hub.ts';
export { publishVolumeEvent } from './events/volume-events.ts';
export { ExecService } from './exec/exec-service.ts';
export type { ExecStartOptions } from './exec/start-exec.ts';
export { startStubs } from './files/container-changes.ts';
export { ContainerFiles } from './files/container-files.ts';
export type { PathArchive } from './files/read-archive.ts';
export type { WriteOptions } from './files/write-archive.ts';
export { findContainerUser } from './lifecycle/container-user.ts';
export type { WaitCondition } from './lifecycle/exit-waiters.ts';
export type { RemoveOptions } from './lifecycle/remove-request.ts';
export type { ConsoleSize } from './lifecycle/resize-container.ts';
export { resolvConf } from './lifecycle/resolv-conf.ts';
export type { StopOptions } from './lifecycle/stop-container.ts';
export { matchesLabelFilter, matchesPattern } from './list/filter-values.ts';
export type { ListOptions } from './list/list-containers.ts';
export {
  checkLogConfig,
  type LogConfig,
  logDriverNames,
  plainLogConfig,
} from './logs/settings/log-config.ts';
export { parseBinarySize } from './logs/settings/option-values.ts';
export { type Containers, type ContainersOptions, openContainers } from './open-containers.ts';
export type { PrunedContainers } from './prune/prune-containers.ts';
export { compilePruneFilter } from './prune/prune-filter.ts';
export { checkResources } from './resources/check-resources.ts';
export { containerLimits } from './resources/container-limits.ts';
export type { DamagedContainer } from './restore/restore-containers.ts';
export { readStoredContainers, type StoredContainer } from './restore/stored-containers.ts';
export { parseSignal } from './signals.ts';
export { snapshotOwner } from './state/container-id.ts';
