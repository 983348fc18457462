/** `moby.buildkit.v1.frontend`. How a client drives a build that it began with Control.Solve; the build is named by the header `buildkit-controlapi-buildid`. Made by scripts/generate-messages.ts, not by hand. */

import type { Method } from '../grpc/method.ts';
import type { EmptyMessage, MessageType } from '../protobuf/message-type.ts';
import * as caps from './caps.ts';
import * as fsutil from './fsutil.ts';
import * as ops from './ops.ts';
import * as sourcePolicy from './source-policy.ts';
import * as status from './status.ts';
import * as worker from './worker.ts';

/** One file system, or one for each platform. The deprecated forms are of clients before BuildKit 0.8. */
export interface Result {
  refDeprecated: string | undefined;
  refsDeprecated: RefMapDeprecated | undefined;
  ref: Ref | undefined;
  refs: RefMap | undefined;
  metadata: Map<string, Uint8Array>;
  attestations: Map<string, Attestations>;
}
export const Result: MessageType<Result> = {
  name: 'moby.buildkit.v1.frontend.Result',
  fields: [
    { number: 1, name: 'refDeprecated', kind: 'string', optional: true },
    { number: 2, name: 'refsDeprecated', kind: () => RefMapDeprecated, optional: true },
    { number: 3, name: 'ref', kind: () => Ref, optional: true },
    { number: 4, name: 'refs', kind: () => RefMap, optional: true },
    { number: 10, name: 'metadata', kind: 'bytes', mapKey: 'string' },
    { number: 12, name: 'attestations', kind: () => Attestations, mapKey: 'string' },
  ],
};

export interface RefMapDeprecated {
  refs: Map<string, string>;
}
export const RefMapDeprecated: MessageType<RefMapDeprecated> = {
  name: 'moby.buildkit.v1.frontend.RefMapDeprecated',
  fields: [{ number: 1, name: 'refs', kind: 'string', mapKey: 'string' }],
};

export interface Ref {
  id: string;
  def: ops.Definition | undefined;
}
export const Ref: MessageType<Ref> = {
  name: 'moby.buildkit.v1.frontend.Ref',
  fields: [
    { number: 1, name: 'id', kind: 'string' },
    { number: 2, name: 'def', kind: () => ops.Definition },
  ],
};

export interface RefMap {
  refs: Map<string, Ref>;
}
export const RefMap: MessageType<RefMap> = {
  name: 'moby.buildkit.v1.frontend.RefMap',
  fields: [{ number: 1, name: 'refs', kind: () => Ref, mapKey: 'string' }],
};

export interface Attestations {
  attestation: Uint8Array[];
}
export const Attestations: MessageType<Attestations> = {
  name: 'moby.buildkit.v1.frontend.Attestations',
  fields: [{ number: 1, name: 'attestation', kind: 'bytes', repeated: true }],
};

export interface ReturnRequest {
  result: Result | undefined;
  error: status.Status | undefined;
}
export const ReturnRequest: MessageType<ReturnRequest> = {
  name: 'moby.buildkit.v1.frontend.ReturnRequest',
  fields: [
    { number: 1, name: 'result', kind: () => Result },
    { number: 2, name: 'error', kind: () => status.Status },
  ],
};

export type ReturnResponse = EmptyMessage;
export const ReturnResponse: MessageType<ReturnResponse> = {
  name: 'moby.buildkit.v1.frontend.ReturnResponse',
  fields: [],
};

export type InputsRequest = EmptyMessage;
export const InputsRequest: MessageType<InputsRequest> = {
  name: 'moby.buildkit.v1.frontend.InputsRequest',
  fields: [],
};

export interface InputsResponse {
  definitions: Map<string, ops.Definition>;
}
export const InputsResponse: MessageType<InputsResponse> = {
  name: 'moby.buildkit.v1.frontend.InputsResponse',
  fields: [{ number: 1, name: 'definitions', kind: () => ops.Definition, mapKey: 'string' }],
};

export interface ResolveImageConfigRequest {
  ref: string;
  platform: ops.Platform | undefined;
  resolveMode: string;
  logName: string;
  resolverType: number;
  sessionId: string;
  storeId: string;
  sourcePolicies: sourcePolicy.Policy[];
}
export const ResolveImageConfigRequest: MessageType<ResolveImageConfigRequest> = {
  name: 'moby.buildkit.v1.frontend.ResolveImageConfigRequest',
  fields: [
    { number: 1, name: 'ref', kind: 'string' },
    { number: 2, name: 'platform', kind: () => ops.Platform },
    { number: 3, name: 'resolveMode', kind: 'string' },
    { number: 4, name: 'logName', kind: 'string' },
    { number: 5, name: 'resolverType', kind: 'int32' },
    { number: 6, name: 'sessionId', kind: 'string' },
    { number: 7, name: 'storeId', kind: 'string' },
    { number: 8, name: 'sourcePolicies', kind: () => sourcePolicy.Policy, repeated: true },
  ],
};

export interface ResolveImageConfigResponse {
  digest: string;
  config: Uint8Array;
  ref: string;
}
export const ResolveImageConfigResponse: MessageType<ResolveImageConfigResponse> = {
  name: 'moby.buildkit.v1.frontend.ResolveImageConfigResponse',
  fields: [
    { number: 1, name: 'digest', kind: 'string' },
    { number: 2, name: 'config', kind: 'bytes' },
    { number: 3, name: 'ref', kind: 'string' },
  ],
};

export interface ResolveSourceMetaRequest {
  source: ops.SourceOp | undefined;
  platform: ops.Platform | undefined;
  logName: string;
  resolveMode: string;
  sourcePolicies: sourcePolicy.Policy[];
}
export const ResolveSourceMetaRequest: MessageType<ResolveSourceMetaRequest> = {
  name: 'moby.buildkit.v1.frontend.ResolveSourceMetaRequest',
  fields: [
    { number: 1, name: 'source', kind: () => ops.SourceOp },
    { number: 2, name: 'platform', kind: () => ops.Platform },
    { number: 3, name: 'logName', kind: 'string' },
    { number: 4, name: 'resolveMode', kind: 'string' },
    { number: 8, name: 'sourcePolicies', kind: () => sourcePolicy.Policy, repeated: true },
  ],
};

export interface ResolveSourceMetaResponse {
  source: ops.SourceOp | undefined;
  image: ResolveSourceImageResponse | undefined;
}
export const ResolveSourceMetaResponse: MessageType<ResolveSourceMetaResponse> = {
  name: 'moby.buildkit.v1.frontend.ResolveSourceMetaResponse',
  fields: [
    { number: 1, name: 'source', kind: () => ops.SourceOp },
    { number: 2, name: 'image', kind: () => ResolveSourceImageResponse },
  ],
};

export interface ResolveSourceImageResponse {
  digest: string;
  config: Uint8Array;
}
export const ResolveSourceImageResponse: MessageType<ResolveSourceImageResponse> = {
  name: 'moby.buildkit.v1.frontend.ResolveSourceImageResponse',
  fields: [
    { number: 1, name: 'digest', kind: 'string' },
    { number: 2, name: 'config', kind: 'bytes' },
  ],
};

export interface SolveRequest {
  definition: ops.Definition | undefined;
  frontend: string;
  frontendOpt: Map<string, string>;
  allowResultReturn: boolean;
  allowResultArrayRef: boolean;
  final: boolean;
  exporterAttr: Uint8Array;
  cacheImports: CacheOptionsEntry[];
  frontendInputs: Map<string, ops.Definition>;
  evaluate: boolean;
  sourcePolicies: sourcePolicy.Policy[];
}
export const SolveRequest: MessageType<SolveRequest> = {
  name: 'moby.buildkit.v1.frontend.SolveRequest',
  fields: [
    { number: 1, name: 'definition', kind: () => ops.Definition },
    { number: 2, name: 'frontend', kind: 'string' },
    { number: 3, name: 'frontendOpt', kind: 'string', mapKey: 'string' },
    { number: 5, name: 'allowResultReturn', kind: 'bool' },
    { number: 6, name: 'allowResultArrayRef', kind: 'bool' },
    { number: 10, name: 'final', kind: 'bool' },
    { number: 11, name: 'exporterAttr', kind: 'bytes' },
    { number: 12, name: 'cacheImports', kind: () => CacheOptionsEntry, repeated: true },
    { number: 13, name: 'frontendInputs', kind: () => ops.Definition, mapKey: 'string' },
    { number: 14, name: 'evaluate', kind: 'bool' },
    { number: 15, name: 'sourcePolicies', kind: () => sourcePolicy.Policy, repeated: true },
  ],
};

export interface CacheOptionsEntry {
  type: string;
  attrs: Map<string, string>;
}
export const CacheOptionsEntry: MessageType<CacheOptionsEntry> = {
  name: 'moby.buildkit.v1.frontend.CacheOptionsEntry',
  fields: [
    { number: 1, name: 'type', kind: 'string' },
    { number: 2, name: 'attrs', kind: 'string', mapKey: 'string' },
  ],
};

export interface SolveResponse {
  ref: string;
  result: Result | undefined;
}
export const SolveResponse: MessageType<SolveResponse> = {
  name: 'moby.buildkit.v1.frontend.SolveResponse',
  fields: [
    { number: 1, name: 'ref', kind: 'string' },
    { number: 3, name: 'result', kind: () => Result },
  ],
};

export interface ReadFileRequest {
  ref: string;
  filePath: string;
  range: FileRange | undefined;
  mountIndex: number;
}
export const ReadFileRequest: MessageType<ReadFileRequest> = {
  name: 'moby.buildkit.v1.frontend.ReadFileRequest',
  fields: [
    { number: 1, name: 'ref', kind: 'string' },
    { number: 2, name: 'filePath', kind: 'string' },
    { number: 3, name: 'range', kind: () => FileRange },
    { number: 4, name: 'mountIndex', kind: 'int32' },
  ],
};

export interface FileRange {
  offset: number;
  length: number;
}
export const FileRange: MessageType<FileRange> = {
  name: 'moby.buildkit.v1.frontend.FileRange',
  fields: [
    { number: 1, name: 'offset', kind: 'safe-int64' },
    { number: 2, name: 'length', kind: 'safe-int64' },
  ],
};

export interface ReadFileResponse {
  data: Uint8Array;
}
export const ReadFileResponse: MessageType<ReadFileResponse> = {
  name: 'moby.buildkit.v1.frontend.ReadFileResponse',
  fields: [{ number: 1, name: 'data', kind: 'bytes' }],
};

export interface ReadDirRequest {
  ref: string;
  dirPath: string;
  includePattern: string;
  mountIndex: number;
}
export const ReadDirRequest: MessageType<ReadDirRequest> = {
  name: 'moby.buildkit.v1.frontend.ReadDirRequest',
  fields: [
    { number: 1, name: 'ref', kind: 'string' },
    { number: 2, name: 'dirPath', kind: 'string' },
    { number: 3, name: 'includePattern', kind: 'string' },
    { number: 4, name: 'mountIndex', kind: 'int32' },
  ],
};

export interface ReadDirResponse {
  entries: fsutil.Stat[];
}
export const ReadDirResponse: MessageType<ReadDirResponse> = {
  name: 'moby.buildkit.v1.frontend.ReadDirResponse',
  fields: [{ number: 1, name: 'entries', kind: () => fsutil.Stat, repeated: true }],
};

export interface StatFileRequest {
  ref: string;
  path: string;
  mountIndex: number;
}
export const StatFileRequest: MessageType<StatFileRequest> = {
  name: 'moby.buildkit.v1.frontend.StatFileRequest',
  fields: [
    { number: 1, name: 'ref', kind: 'string' },
    { number: 2, name: 'path', kind: 'string' },
    { number: 3, name: 'mountIndex', kind: 'int32' },
  ],
};

export interface StatFileResponse {
  stat: fsutil.Stat | undefined;
}
export const StatFileResponse: MessageType<StatFileResponse> = {
  name: 'moby.buildkit.v1.frontend.StatFileResponse',
  fields: [{ number: 1, name: 'stat', kind: () => fsutil.Stat }],
};

export interface EvaluateRequest {
  ref: string;
}
export const EvaluateRequest: MessageType<EvaluateRequest> = {
  name: 'moby.buildkit.v1.frontend.EvaluateRequest',
  fields: [{ number: 1, name: 'ref', kind: 'string' }],
};

export type EvaluateResponse = EmptyMessage;
export const EvaluateResponse: MessageType<EvaluateResponse> = {
  name: 'moby.buildkit.v1.frontend.EvaluateResponse',
  fields: [],
};

export type PingRequest = EmptyMessage;
export const PingRequest: MessageType<PingRequest> = {
  name: 'moby.buildkit.v1.frontend.PingRequest',
  fields: [],
};

export interface PongResponse {
  frontendApiCaps: caps.APICap[];
  llbCaps: caps.APICap[];
  workers: worker.WorkerRecord[];
}
export const PongResponse: MessageType<PongResponse> = {
  name: 'moby.buildkit.v1.frontend.PongResponse',
  fields: [
    { number: 1, name: 'frontendApiCaps', kind: () => caps.APICap, repeated: true },
    { number: 2, name: 'llbCaps', kind: () => caps.APICap, repeated: true },
    { number: 3, name: 'workers', kind: () => worker.WorkerRecord, repeated: true },
  ],
};

export interface WarnRequest {
  digest: string;
  level: number;
  short: Uint8Array;
  detail: Uint8Array[];
  url: string;
  info: ops.SourceInfo | undefined;
  ranges: ops.Range[];
}
export const WarnRequest: MessageType<WarnRequest> = {
  name: 'moby.buildkit.v1.frontend.WarnRequest',
  fields: [
    { number: 1, name: 'digest', kind: 'string' },
    { number: 2, name: 'level', kind: 'safe-int64' },
    { number: 3, name: 'short', kind: 'bytes' },
    { number: 4, name: 'detail', kind: 'bytes', repeated: true },
    { number: 5, name: 'url', kind: 'string' },
    { number: 6, name: 'info', kind: () => ops.SourceInfo },
    { number: 7, name: 'ranges', kind: () => ops.Range, repeated: true },
  ],
};

export type WarnResponse = EmptyMessage;
export const WarnResponse: MessageType<WarnResponse> = {
  name: 'moby.buildkit.v1.frontend.WarnResponse',
  fields: [],
};

export interface NewContainerRequest {
  containerId: string;
}
export const NewContainerRequest: MessageType<NewContainerRequest> = {
  name: 'moby.buildkit.v1.frontend.NewContainerRequest',
  fields: [{ number: 1, name: 'containerId', kind: 'string' }],
};

export type NewContainerResponse = EmptyMessage;
export const NewContainerResponse: MessageType<NewContainerResponse> = {
  name: 'moby.buildkit.v1.frontend.NewContainerResponse',
  fields: [],
};

export interface ReleaseContainerRequest {
  containerId: string;
}
export const ReleaseContainerRequest: MessageType<ReleaseContainerRequest> = {
  name: 'moby.buildkit.v1.frontend.ReleaseContainerRequest',
  fields: [{ number: 1, name: 'containerId', kind: 'string' }],
};

export type ReleaseContainerResponse = EmptyMessage;
export const ReleaseContainerResponse: MessageType<ReleaseContainerResponse> = {
  name: 'moby.buildkit.v1.frontend.ReleaseContainerResponse',
  fields: [],
};

export interface ExecMessage {
  processId: string;
}
export const ExecMessage: MessageType<ExecMessage> = {
  name: 'moby.buildkit.v1.frontend.ExecMessage',
  fields: [{ number: 1, name: 'processId', kind: 'string' }],
};

export const LLBBridge: {
  resolveImageConfig: Method<ResolveImageConfigRequest, ResolveImageConfigResponse, 'unary'>;
  resolveSourceMeta: Method<ResolveSourceMetaRequest, ResolveSourceMetaResponse, 'unary'>;
  solve: Method<SolveRequest, SolveResponse, 'unary'>;
  readFile: Method<ReadFileRequest, ReadFileResponse, 'unary'>;
  readDir: Method<ReadDirRequest, ReadDirResponse, 'unary'>;
  statFile: Method<StatFileRequest, StatFileResponse, 'unary'>;
  evaluate: Method<EvaluateRequest, EvaluateResponse, 'unary'>;
  ping: Method<PingRequest, PongResponse, 'unary'>;
  /** The client's last word: what Control.Solve exports, or why it fails. */
  return: Method<ReturnRequest, ReturnResponse, 'unary'>;
  inputs: Method<InputsRequest, InputsResponse, 'unary'>;
  newContainer: Method<NewContainerRequest, NewContainerResponse, 'unary'>;
  releaseContainer: Method<ReleaseContainerRequest, ReleaseContainerResponse, 'unary'>;
  execProcess: Method<ExecMessage, ExecMessage, 'stream'>;
  warn: Method<WarnRequest, WarnResponse, 'unary'>;
} = {
  resolveImageConfig: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/ResolveImageConfig',
    kind: 'unary',
    request: ResolveImageConfigRequest,
    response: ResolveImageConfigResponse,
  },
  resolveSourceMeta: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/ResolveSourceMeta',
    kind: 'unary',
    request: ResolveSourceMetaRequest,
    response: ResolveSourceMetaResponse,
  },
  solve: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/Solve',
    kind: 'unary',
    request: SolveRequest,
    response: SolveResponse,
  },
  readFile: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/ReadFile',
    kind: 'unary',
    request: ReadFileRequest,
    response: ReadFileResponse,
  },
  readDir: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/ReadDir',
    kind: 'unary',
    request: ReadDirRequest,
    response: ReadDirResponse,
  },
  statFile: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/StatFile',
    kind: 'unary',
    request: StatFileRequest,
    response: StatFileResponse,
  },
  evaluate: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/Evaluate',
    kind: 'unary',
    request: EvaluateRequest,
    response: EvaluateResponse,
  },
  ping: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/Ping',
    kind: 'unary',
    request: PingRequest,
    response: PongResponse,
  },
  return: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/Return',
    kind: 'unary',
    request: ReturnRequest,
    response: ReturnResponse,
  },
  inputs: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/Inputs',
    kind: 'unary',
    request: InputsRequest,
    response: InputsResponse,
  },
  newContainer: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/NewContainer',
    kind: 'unary',
    request: NewContainerRequest,
    response: NewContainerResponse,
  },
  releaseContainer: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/ReleaseContainer',
    kind: 'unary',
    request: ReleaseContainerRequest,
    response: ReleaseContainerResponse,
  },
  execProcess: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/ExecProcess',
    kind: 'stream',
    request: ExecMessage,
    response: ExecMessage,
  },
  warn: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/Warn',
    kind: 'unary',
    request: WarnRequest,
    response: WarnResponse,
  },
};
