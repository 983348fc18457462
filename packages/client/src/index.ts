export { type EngineAddress, formatAddress, parseAddress, type TlsSettings } from './address.ts';
export { ApiClient, type ApiClientOptions, type ApiRequest } from './api-client.ts';
export { apiVersion } from './api-version.ts';
export {
  ApiError,
  ConnectionFailedError,
  InvalidInputError,
  ProgressError,
  ProtocolError,
  TruncatedResponseError,
} from './errors.ts';
export { getOnce } from './get-once.ts';
export type { HijackedStream } from './hijacked-stream.ts';
export type { HttpResponse, RequestBody } from './http/exchange.ts';
export { readJsonLines, readProgress } from './json-lines.ts';
export { openSocket } from './open-socket.ts';
export { demultiplex, type OutputFrame, rawFrames } from './output-frames.ts';
export type { QueryValue } from './query.ts';
export {
  type CommitQuery,
  commitContainer,
  containerChanges,
  exportContainer,
  readContainerPath,
  statContainerPath,
  writeContainerPath,
} from './resources/container-files.ts';
export { containerStats, updateContainer } from './resources/container-resources.ts';
export {
  type AttachQuery,
  attachContainer,
  type ContainerListQuery,
  containerLogs,
  createContainer,
  inspectContainer,
  killContainer,
  type LogQuery,
  listContainers,
  pauseContainer,
  removeContainer,
  renameContainer,
  resizeContainer,
  restartContainer,
  type StopQuery,
  startContainer,
  stopContainer,
  topContainer,
  unpauseContainer,
  waitContainer,
} from './resources/containers.ts';
export {
  checkEngine,
  type EngineProblem,
  pruneBuildCache,
  pruneContainers,
  pruneImages,
  pruneNetworks,
  pruneVolumes,
  systemDiskUsage,
} from './resources/disk.ts';
export { createExec, inspectExec, resizeExec, startExec, startExecDetached } from './resources/execs.ts';
export {
  type BuildQuery,
  buildImage,
  type ImportQuery,
  imageHistory,
  importImage,
  inspectImage,
  listImages,
  loadImages,
  type PullQuery,
  type PushQuery,
  pullImage,
  pushImage,
  removeImage,
  saveImages,
  tagImage,
} from './resources/images.ts';
export {
  connectNetwork,
  createNetwork,
  disconnectNetwork,
  inspectNetwork,
  listNetworks,
  removeNetwork,
} from './resources/networks.ts';
export { type InspectKind, inspectRaw } from './resources/raw-inspect.ts';
export { type SearchQuery, type SignInRequest, searchImages, signIn } from './resources/registries.ts';
export {
  type EventQuery,
  systemEventLines,
  systemEvents,
  systemInfo,
  systemVersion,
} from './resources/system.ts';
export { createVolume, inspectVolume, listVolumes, removeVolume, updateVolume } from './resources/volumes.ts';
