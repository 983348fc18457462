export { type CgroupDriver, cgroupParentPath } from './cgroups/cgroup-place.ts';
export type {
  ContainerProcess,
  ContainerRuntime,
  DurableOutput,
  ExecProcess,
  ExecRequest,
  ExitStatus,
  OutputChunk,
  OutputPosition,
  ProcessInput,
  StartRequest,
  TerminalSize,
} from './container-runtime.ts';
export {
  AlreadyStartedError,
  ContainerPausedError,
  InputClosedError,
  InvalidIdError,
  NoTerminalError,
  OutputTakenError,
  ProcessGoneError,
  RuntimeCommandError,
  RuntimeNotFoundError,
  StartFailedError,
  TerminalNeedsCrunError,
  UnknownRuntimeError,
  UnreachableRootError,
} from './errors.ts';
export { type OpenRuntimeOptions, openRuntime } from './open-runtime.ts';
export {
  type OpenRuntimesOptions,
  openRuntimes,
  type RuntimeChoice,
  type RuntimeSet,
  type RuntimeTable,
} from './runtime-set.ts';
export { buildSpec } from './spec/build-spec.ts';
export { capabilitySets } from './spec/capability-sets.ts';
export type { ContainerEdits } from './spec/cdi/container-edits.ts';
export { type CdiOptions, type DeviceWish, findContainerEdits } from './spec/cdi/find-edits.ts';
export { listCdiDevices } from './spec/cdi/list-devices.ts';
export { maskedPaths, readOnlyPaths } from './spec/default-mounts.ts';
export type { DeviceRule } from './spec/devices.ts';
export {
  DeviceDriverMissingError,
  DeviceInjectionError,
  DeviceNotFoundError,
  InvalidSeccompProfileError,
  LimitNotRaisableError,
} from './spec/errors.ts';
export { ownNamespaces, type SpecNamespace, type SpecNamespaces } from './spec/namespaces.ts';
export { parseSeccompProfile, type SeccompProfile } from './spec/seccomp/seccomp-profile.ts';
export { readSpecHost, type SpecHost } from './spec/spec-host.ts';
export type {
  SharedMemory,
  SpecDevice,
  SpecMount,
  SpecOptions,
  SpecSecurity,
  SpecUser,
} from './spec/spec-options.ts';
