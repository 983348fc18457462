export { type BoundAddress, ListenError, ServerClosingError } from '@gantry/http-server';
export type { GuardedRequest, GuardedResponse, RequestGuard } from './authorization/request-guard.ts';
export type { BuildBackend, BuildOptions } from './backends/build-backend.ts';
export type { BuildkitBackend, SessionOffer } from './backends/buildkit-backend.ts';
export type {
  AttachSession,
  ConsoleSize,
  ContainerBackend,
  ContainerListOptions,
  FrameRun,
  OutputFrame,
  StatsOptions,
  StopOptions,
} from './backends/container-backend.ts';
export type { ContainerFilesBackend } from './backends/container-files-backend.ts';
export type {
  BuildPruneOptions,
  DiskBackend,
  DiskUsageKind,
  EngineProblem,
} from './backends/disk-backend.ts';
export type { ExecBackend } from './backends/exec-backend.ts';
export type {
  ImageBackend,
  ImageLoadOptions,
  ImagePlatform,
  ImageTransferOptions,
  RegistryAuth,
} from './backends/image-backend.ts';
export type { NetworkBackend } from './backends/network-backend.ts';
export type { RegistryBackend, SearchRequest } from './backends/registry-backend.ts';
export type { SystemBackend, VolumeBackend } from './backends/system-backend.ts';
export {
  BodyAbortedError,
  BodyTimeoutError,
  BodyTooLargeError,
  BrowserRefusedError,
  InvalidRequestError,
  NotBuiltError,
  NotInSwarmError,
  PageNotFoundError,
} from './errors.ts';
export type {
  FileDescriptorAddress,
  ListenAddress,
  TcpAddress,
  TlsIdentity,
  UnixAddress,
} from './listeners/listen-address.ts';
export { serveMetrics } from './listeners/metrics-server.ts';
export { type ApiServer, type ApiServerOptions, createApiServer } from './server/api-server.ts';
export { maxApiVersion, minApiVersion } from './server/api-version.ts';
export { defaultLimits, type ServerLimits } from './server/limits.ts';
