/** `moby.buildkit.v1`. What the daemon does for builds as a whole. Made by scripts/generate-messages.ts, not by hand. */

import type { Method } from '../grpc/method.ts';
import type { EmptyMessage, MessageType } from '../protobuf/message-type.ts';
import * as ops from './ops.ts';
import * as sourcePolicy from './source-policy.ts';
import * as status from './status.ts';
import * as wellKnown from './well-known.ts';
import * as worker from './worker.ts';

export const BuildHistoryEventType = { started: 0, complete: 1, deleted: 2 } as const;

/** The duration in nanoseconds, spaces in bytes; 0 for no bound. */
export interface PruneRequest {
  filter: string[];
  all: boolean;
  keepDuration: bigint;
  reservedSpace: number;
  maxUsedSpace: number;
  minFreeSpace: number;
}
export const PruneRequest: MessageType<PruneRequest> = {
  name: 'moby.buildkit.v1.PruneRequest',
  fields: [
    { number: 1, name: 'filter', kind: 'string', repeated: true },
    { number: 2, name: 'all', kind: 'bool' },
    { number: 3, name: 'keepDuration', kind: 'int64' },
    { number: 4, name: 'reservedSpace', kind: 'safe-int64' },
    { number: 5, name: 'maxUsedSpace', kind: 'safe-int64' },
    { number: 6, name: 'minFreeSpace', kind: 'safe-int64' },
  ],
};

export interface DiskUsageRequest {
  filter: string[];
  ageLimit: bigint;
}
export const DiskUsageRequest: MessageType<DiskUsageRequest> = {
  name: 'moby.buildkit.v1.DiskUsageRequest',
  fields: [
    { number: 1, name: 'filter', kind: 'string', repeated: true },
    { number: 2, name: 'ageLimit', kind: 'int64' },
  ],
};

export interface DiskUsageResponse {
  record: UsageRecord[];
}
export const DiskUsageResponse: MessageType<DiskUsageResponse> = {
  name: 'moby.buildkit.v1.DiskUsageResponse',
  fields: [{ number: 1, name: 'record', kind: () => UsageRecord, repeated: true }],
};

/** One step in the cache. */
export interface UsageRecord {
  id: string;
  mutable: boolean;
  inUse: boolean;
  size: number;
  parent: string;
  createdAt: wellKnown.Timestamp | undefined;
  lastUsedAt: wellKnown.Timestamp | undefined;
  usageCount: number;
  description: string;
  recordType: string;
  shared: boolean;
  parents: string[];
}
export const UsageRecord: MessageType<UsageRecord> = {
  name: 'moby.buildkit.v1.UsageRecord',
  fields: [
    { number: 1, name: 'id', kind: 'string' },
    { number: 2, name: 'mutable', kind: 'bool' },
    { number: 3, name: 'inUse', kind: 'bool' },
    { number: 4, name: 'size', kind: 'safe-int64' },
    { number: 5, name: 'parent', kind: 'string' },
    { number: 6, name: 'createdAt', kind: () => wellKnown.Timestamp },
    { number: 7, name: 'lastUsedAt', kind: () => wellKnown.Timestamp },
    { number: 8, name: 'usageCount', kind: 'safe-int64' },
    { number: 9, name: 'description', kind: 'string' },
    { number: 10, name: 'recordType', kind: 'string' },
    { number: 11, name: 'shared', kind: 'bool' },
    { number: 12, name: 'parents', kind: 'string', repeated: true },
  ],
};

/** A build. Without frontend and definition the client drives it over LLBBridge, naming it by `ref`. */
export interface SolveRequest {
  ref: string;
  definition: ops.Definition | undefined;
  exporterDeprecated: string;
  exporterAttrsDeprecated: Map<string, string>;
  session: string;
  frontend: string;
  frontendAttrs: Map<string, string>;
  cache: CacheOptions | undefined;
  entitlements: string[];
  frontendInputs: Map<string, ops.Definition>;
  /** It is not kept in the history. */
  internal: boolean;
  sourcePolicy: sourcePolicy.Policy | undefined;
  exporters: Exporter[];
  enableSessionExporter: boolean;
  sourcePolicySession: string;
  compatibilityVersion: number;
  proxyNetwork: boolean;
}
export const SolveRequest: MessageType<SolveRequest> = {
  name: 'moby.buildkit.v1.SolveRequest',
  fields: [
    { number: 1, name: 'ref', kind: 'string' },
    { number: 2, name: 'definition', kind: () => ops.Definition },
    { number: 3, name: 'exporterDeprecated', kind: 'string' },
    { number: 4, name: 'exporterAttrsDeprecated', kind: 'string', mapKey: 'string' },
    { number: 5, name: 'session', kind: 'string' },
    { number: 6, name: 'frontend', kind: 'string' },
    { number: 7, name: 'frontendAttrs', kind: 'string', mapKey: 'string' },
    { number: 8, name: 'cache', kind: () => CacheOptions },
    { number: 9, name: 'entitlements', kind: 'string', repeated: true },
    { number: 10, name: 'frontendInputs', kind: () => ops.Definition, mapKey: 'string' },
    { number: 11, name: 'internal', kind: 'bool' },
    { number: 12, name: 'sourcePolicy', kind: () => sourcePolicy.Policy },
    { number: 13, name: 'exporters', kind: () => Exporter, repeated: true },
    { number: 14, name: 'enableSessionExporter', kind: 'bool' },
    { number: 15, name: 'sourcePolicySession', kind: 'string' },
    { number: 16, name: 'compatibilityVersion', kind: 'safe-int64' },
    { number: 17, name: 'proxyNetwork', kind: 'bool' },
  ],
};

export interface CacheOptions {
  exportRefDeprecated: string;
  importRefsDeprecated: string[];
  exportAttrsDeprecated: Map<string, string>;
  exports: CacheOptionsEntry[];
  imports: CacheOptionsEntry[];
}
export const CacheOptions: MessageType<CacheOptions> = {
  name: 'moby.buildkit.v1.CacheOptions',
  fields: [
    { number: 1, name: 'exportRefDeprecated', kind: 'string' },
    { number: 2, name: 'importRefsDeprecated', kind: 'string', repeated: true },
    { number: 3, name: 'exportAttrsDeprecated', kind: 'string', mapKey: 'string' },
    { number: 4, name: 'exports', kind: () => CacheOptionsEntry, repeated: true },
    { number: 5, name: 'imports', kind: () => CacheOptionsEntry, repeated: true },
  ],
};

/** `registry`, `local`, `inline` …, with what is written behind it on a command line. */
export interface CacheOptionsEntry {
  type: string;
  attrs: Map<string, string>;
}
export const CacheOptionsEntry: MessageType<CacheOptionsEntry> = {
  name: 'moby.buildkit.v1.CacheOptionsEntry',
  fields: [
    { number: 1, name: 'type', kind: 'string' },
    { number: 2, name: 'attrs', kind: 'string', mapKey: 'string' },
  ],
};

export interface SolveResponse {
  exporterResponse: Map<string, string>;
}
export const SolveResponse: MessageType<SolveResponse> = {
  name: 'moby.buildkit.v1.SolveResponse',
  fields: [{ number: 1, name: 'exporterResponse', kind: 'string', mapKey: 'string' }],
};

export interface StatusRequest {
  ref: string;
}
export const StatusRequest: MessageType<StatusRequest> = {
  name: 'moby.buildkit.v1.StatusRequest',
  fields: [{ number: 1, name: 'ref', kind: 'string' }],
};

export interface StatusResponse {
  vertexes: Vertex[];
  statuses: VertexStatus[];
  logs: VertexLog[];
  warnings: VertexWarning[];
}
export const StatusResponse: MessageType<StatusResponse> = {
  name: 'moby.buildkit.v1.StatusResponse',
  fields: [
    { number: 1, name: 'vertexes', kind: () => Vertex, repeated: true },
    { number: 2, name: 'statuses', kind: () => VertexStatus, repeated: true },
    { number: 3, name: 'logs', kind: () => VertexLog, repeated: true },
    { number: 4, name: 'warnings', kind: () => VertexWarning, repeated: true },
  ],
};

/** A step. It is told again, whole, whenever it changes. */
export interface Vertex {
  digest: string;
  inputs: string[];
  name: string;
  cached: boolean;
  started: wellKnown.Timestamp | undefined;
  completed: wellKnown.Timestamp | undefined;
  error: string;
  progressGroup: ops.ProgressGroup | undefined;
}
export const Vertex: MessageType<Vertex> = {
  name: 'moby.buildkit.v1.Vertex',
  fields: [
    { number: 1, name: 'digest', kind: 'string' },
    { number: 2, name: 'inputs', kind: 'string', repeated: true },
    { number: 3, name: 'name', kind: 'string' },
    { number: 4, name: 'cached', kind: 'bool' },
    { number: 5, name: 'started', kind: () => wellKnown.Timestamp },
    { number: 6, name: 'completed', kind: () => wellKnown.Timestamp },
    { number: 7, name: 'error', kind: 'string' },
    { number: 8, name: 'progressGroup', kind: () => ops.ProgressGroup },
  ],
};

/** How far a part of a step is. */
export interface VertexStatus {
  id: string;
  vertex: string;
  name: string;
  current: number;
  total: number;
  timestamp: wellKnown.Timestamp | undefined;
  started: wellKnown.Timestamp | undefined;
  completed: wellKnown.Timestamp | undefined;
}
export const VertexStatus: MessageType<VertexStatus> = {
  name: 'moby.buildkit.v1.VertexStatus',
  fields: [
    { number: 1, name: 'id', kind: 'string' },
    { number: 2, name: 'vertex', kind: 'string' },
    { number: 3, name: 'name', kind: 'string' },
    { number: 4, name: 'current', kind: 'safe-int64' },
    { number: 5, name: 'total', kind: 'safe-int64' },
    { number: 6, name: 'timestamp', kind: () => wellKnown.Timestamp },
    { number: 7, name: 'started', kind: () => wellKnown.Timestamp },
    { number: 8, name: 'completed', kind: () => wellKnown.Timestamp },
  ],
};

/** Output: stream 1 or 2, as a process has them. */
export interface VertexLog {
  vertex: string;
  timestamp: wellKnown.Timestamp | undefined;
  stream: number;
  msg: Uint8Array;
}
export const VertexLog: MessageType<VertexLog> = {
  name: 'moby.buildkit.v1.VertexLog',
  fields: [
    { number: 1, name: 'vertex', kind: 'string' },
    { number: 2, name: 'timestamp', kind: () => wellKnown.Timestamp },
    { number: 3, name: 'stream', kind: 'safe-int64' },
    { number: 4, name: 'msg', kind: 'bytes' },
  ],
};

export interface VertexWarning {
  vertex: string;
  level: number;
  short: Uint8Array;
  detail: Uint8Array[];
  url: string;
  info: ops.SourceInfo | undefined;
  ranges: ops.Range[];
}
export const VertexWarning: MessageType<VertexWarning> = {
  name: 'moby.buildkit.v1.VertexWarning',
  fields: [
    { number: 1, name: 'vertex', kind: 'string' },
    { number: 2, name: 'level', kind: 'safe-int64' },
    { number: 3, name: 'short', kind: 'bytes' },
    { number: 4, name: 'detail', kind: 'bytes', repeated: true },
    { number: 5, name: 'url', kind: 'string' },
    { number: 6, name: 'info', kind: () => ops.SourceInfo },
    { number: 7, name: 'ranges', kind: () => ops.Range, repeated: true },
  ],
};

export interface BytesMessage {
  data: Uint8Array;
}
export const BytesMessage: MessageType<BytesMessage> = {
  name: 'moby.buildkit.v1.BytesMessage',
  fields: [{ number: 1, name: 'data', kind: 'bytes' }],
};

export interface ListWorkersRequest {
  filter: string[];
}
export const ListWorkersRequest: MessageType<ListWorkersRequest> = {
  name: 'moby.buildkit.v1.ListWorkersRequest',
  fields: [{ number: 1, name: 'filter', kind: 'string', repeated: true }],
};

export interface ListWorkersResponse {
  record: worker.WorkerRecord[];
}
export const ListWorkersResponse: MessageType<ListWorkersResponse> = {
  name: 'moby.buildkit.v1.ListWorkersResponse',
  fields: [{ number: 1, name: 'record', kind: () => worker.WorkerRecord, repeated: true }],
};

export type InfoRequest = EmptyMessage;
export const InfoRequest: MessageType<InfoRequest> = { name: 'moby.buildkit.v1.InfoRequest', fields: [] };

export interface InfoResponse {
  buildkitVersion: worker.BuildkitVersion | undefined;
}
export const InfoResponse: MessageType<InfoResponse> = {
  name: 'moby.buildkit.v1.InfoResponse',
  fields: [{ number: 1, name: 'buildkitVersion', kind: () => worker.BuildkitVersion }],
};

export interface BuildHistoryRequest {
  activeOnly: boolean;
  ref: string;
  /** What is there is told, and nothing is waited for. */
  earlyExit: boolean;
  filter: string[];
  limit: number;
}
export const BuildHistoryRequest: MessageType<BuildHistoryRequest> = {
  name: 'moby.buildkit.v1.BuildHistoryRequest',
  fields: [
    { number: 1, name: 'activeOnly', kind: 'bool' },
    { number: 2, name: 'ref', kind: 'string' },
    { number: 3, name: 'earlyExit', kind: 'bool' },
    { number: 4, name: 'filter', kind: 'string', repeated: true },
    { number: 5, name: 'limit', kind: 'int32' },
  ],
};

export interface BuildHistoryEvent {
  type: number;
  record: BuildHistoryRecord | undefined;
}
export const BuildHistoryEvent: MessageType<BuildHistoryEvent> = {
  name: 'moby.buildkit.v1.BuildHistoryEvent',
  fields: [
    { number: 1, name: 'type', kind: 'enum' },
    { number: 2, name: 'record', kind: () => BuildHistoryRecord },
  ],
};

/** A build that is under way or over. Descriptors name blobs of the Content service. */
export interface BuildHistoryRecord {
  ref: string;
  frontend: string;
  frontendAttrs: Map<string, string>;
  exporters: Exporter[];
  error: status.Status | undefined;
  createdAt: wellKnown.Timestamp | undefined;
  completedAt: wellKnown.Timestamp | undefined;
  logs: Descriptor | undefined;
  exporterResponse: Map<string, string>;
  result: BuildResultInfo | undefined;
  results: Map<string, BuildResultInfo>;
  generation: number;
  trace: Descriptor | undefined;
  pinned: boolean;
  numCachedSteps: number;
  numTotalSteps: number;
  numCompletedSteps: number;
  externalError: Descriptor | undefined;
  numWarnings: number;
}
export const BuildHistoryRecord: MessageType<BuildHistoryRecord> = {
  name: 'moby.buildkit.v1.BuildHistoryRecord',
  fields: [
    { number: 1, name: 'ref', kind: 'string' },
    { number: 2, name: 'frontend', kind: 'string' },
    { number: 3, name: 'frontendAttrs', kind: 'string', mapKey: 'string' },
    { number: 4, name: 'exporters', kind: () => Exporter, repeated: true },
    { number: 5, name: 'error', kind: () => status.Status },
    { number: 6, name: 'createdAt', kind: () => wellKnown.Timestamp },
    { number: 7, name: 'completedAt', kind: () => wellKnown.Timestamp },
    { number: 8, name: 'logs', kind: () => Descriptor },
    { number: 9, name: 'exporterResponse', kind: 'string', mapKey: 'string' },
    { number: 10, name: 'result', kind: () => BuildResultInfo },
    { number: 11, name: 'results', kind: () => BuildResultInfo, mapKey: 'string' },
    { number: 12, name: 'generation', kind: 'int32' },
    { number: 13, name: 'trace', kind: () => Descriptor },
    { number: 14, name: 'pinned', kind: 'bool' },
    { number: 15, name: 'numCachedSteps', kind: 'int32' },
    { number: 16, name: 'numTotalSteps', kind: 'int32' },
    { number: 17, name: 'numCompletedSteps', kind: 'int32' },
    { number: 18, name: 'externalError', kind: () => Descriptor },
    { number: 19, name: 'numWarnings', kind: 'int32' },
  ],
};

export interface UpdateBuildHistoryRequest {
  ref: string;
  pinned: boolean;
  delete: boolean;
  finalize: boolean;
}
export const UpdateBuildHistoryRequest: MessageType<UpdateBuildHistoryRequest> = {
  name: 'moby.buildkit.v1.UpdateBuildHistoryRequest',
  fields: [
    { number: 1, name: 'ref', kind: 'string' },
    { number: 2, name: 'pinned', kind: 'bool' },
    { number: 3, name: 'delete', kind: 'bool' },
    { number: 4, name: 'finalize', kind: 'bool' },
  ],
};

export type UpdateBuildHistoryResponse = EmptyMessage;
export const UpdateBuildHistoryResponse: MessageType<UpdateBuildHistoryResponse> = {
  name: 'moby.buildkit.v1.UpdateBuildHistoryResponse',
  fields: [],
};

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations: Map<string, string>;
}
export const Descriptor: MessageType<Descriptor> = {
  name: 'moby.buildkit.v1.Descriptor',
  fields: [
    { number: 1, name: 'mediaType', kind: 'string' },
    { number: 2, name: 'digest', kind: 'string' },
    { number: 3, name: 'size', kind: 'safe-int64' },
    { number: 5, name: 'annotations', kind: 'string', mapKey: 'string' },
  ],
};

/** What a build made for one platform. */
export interface BuildResultInfo {
  resultDeprecated: Descriptor | undefined;
  attestations: Descriptor[];
  results: Map<number, Descriptor>;
}
export const BuildResultInfo: MessageType<BuildResultInfo> = {
  name: 'moby.buildkit.v1.BuildResultInfo',
  fields: [
    { number: 1, name: 'resultDeprecated', kind: () => Descriptor },
    { number: 2, name: 'attestations', kind: () => Descriptor, repeated: true },
    { number: 3, name: 'results', kind: () => Descriptor, mapKey: 'safe-int64' },
  ],
};

export interface Exporter {
  type: string;
  attrs: Map<string, string>;
}
export const Exporter: MessageType<Exporter> = {
  name: 'moby.buildkit.v1.Exporter',
  fields: [
    { number: 1, name: 'type', kind: 'string' },
    { number: 2, name: 'attrs', kind: 'string', mapKey: 'string' },
  ],
};

export const Control: {
  diskUsage: Method<DiskUsageRequest, DiskUsageResponse, 'unary'>;
  prune: Method<PruneRequest, UsageRecord, 'server-stream'>;
  /** Ends with the build. */
  solve: Method<SolveRequest, SolveResponse, 'unary'>;
  /** The progress of a build, from its beginning, to its end. */
  status: Method<StatusRequest, StatusResponse, 'server-stream'>;
  /** A session's connection inside this one; its bytes are HTTP/2. */
  session: Method<BytesMessage, BytesMessage, 'stream'>;
  listWorkers: Method<ListWorkersRequest, ListWorkersResponse, 'unary'>;
  info: Method<InfoRequest, InfoResponse, 'unary'>;
  listenBuildHistory: Method<BuildHistoryRequest, BuildHistoryEvent, 'server-stream'>;
  updateBuildHistory: Method<UpdateBuildHistoryRequest, UpdateBuildHistoryResponse, 'unary'>;
} = {
  diskUsage: {
    path: '/moby.buildkit.v1.Control/DiskUsage',
    kind: 'unary',
    request: DiskUsageRequest,
    response: DiskUsageResponse,
  },
  prune: {
    path: '/moby.buildkit.v1.Control/Prune',
    kind: 'server-stream',
    request: PruneRequest,
    response: UsageRecord,
  },
  solve: {
    path: '/moby.buildkit.v1.Control/Solve',
    kind: 'unary',
    request: SolveRequest,
    response: SolveResponse,
  },
  status: {
    path: '/moby.buildkit.v1.Control/Status',
    kind: 'server-stream',
    request: StatusRequest,
    response: StatusResponse,
  },
  session: {
    path: '/moby.buildkit.v1.Control/Session',
    kind: 'stream',
    request: BytesMessage,
    response: BytesMessage,
  },
  listWorkers: {
    path: '/moby.buildkit.v1.Control/ListWorkers',
    kind: 'unary',
    request: ListWorkersRequest,
    response: ListWorkersResponse,
  },
  info: {
    path: '/moby.buildkit.v1.Control/Info',
    kind: 'unary',
    request: InfoRequest,
    response: InfoResponse,
  },
  listenBuildHistory: {
    path: '/moby.buildkit.v1.Control/ListenBuildHistory',
    kind: 'server-stream',
    request: BuildHistoryRequest,
    response: BuildHistoryEvent,
  },
  updateBuildHistory: {
    path: '/moby.buildkit.v1.Control/UpdateBuildHistory',
    kind: 'unary',
    request: UpdateBuildHistoryRequest,
    response: UpdateBuildHistoryResponse,
  },
};
