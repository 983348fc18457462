/** `containerd.services.content.v1`. containerd's content store: the client's, for images in OCI layouts and caches in directories, and the daemon's, for what its history names. Made by scripts/generate-messages.ts, not by hand. */

import type { Method } from '../grpc/method.ts';
import type { MessageType } from '../protobuf/message-type.ts';
import * as wellKnown from './well-known.ts';

export const WriteAction = { stat: 0, write: 1, commit: 2 } as const;

export interface Info {
  digest: string;
  size: number;
  createdAt: wellKnown.Timestamp | undefined;
  updatedAt: wellKnown.Timestamp | undefined;
  labels: Map<string, string>;
}
export const Info: MessageType<Info> = {
  name: 'containerd.services.content.v1.Info',
  fields: [
    { number: 1, name: 'digest', kind: 'string' },
    { number: 2, name: 'size', kind: 'safe-int64' },
    { number: 3, name: 'createdAt', kind: () => wellKnown.Timestamp },
    { number: 4, name: 'updatedAt', kind: () => wellKnown.Timestamp },
    { number: 5, name: 'labels', kind: 'string', mapKey: 'string' },
  ],
};

export interface InfoRequest {
  digest: string;
}
export const InfoRequest: MessageType<InfoRequest> = {
  name: 'containerd.services.content.v1.InfoRequest',
  fields: [{ number: 1, name: 'digest', kind: 'string' }],
};

export interface InfoResponse {
  info: Info | undefined;
}
export const InfoResponse: MessageType<InfoResponse> = {
  name: 'containerd.services.content.v1.InfoResponse',
  fields: [{ number: 1, name: 'info', kind: () => Info }],
};

export interface FieldMask {
  paths: string[];
}
export const FieldMask: MessageType<FieldMask> = {
  name: 'containerd.services.content.v1.FieldMask',
  fields: [{ number: 1, name: 'paths', kind: 'string', repeated: true }],
};

export interface UpdateRequest {
  info: Info | undefined;
  updateMask: FieldMask | undefined;
}
export const UpdateRequest: MessageType<UpdateRequest> = {
  name: 'containerd.services.content.v1.UpdateRequest',
  fields: [
    { number: 1, name: 'info', kind: () => Info },
    { number: 2, name: 'updateMask', kind: () => FieldMask },
  ],
};

export interface UpdateResponse {
  info: Info | undefined;
}
export const UpdateResponse: MessageType<UpdateResponse> = {
  name: 'containerd.services.content.v1.UpdateResponse',
  fields: [{ number: 1, name: 'info', kind: () => Info }],
};

export interface ListContentRequest {
  filters: string[];
}
export const ListContentRequest: MessageType<ListContentRequest> = {
  name: 'containerd.services.content.v1.ListContentRequest',
  fields: [{ number: 1, name: 'filters', kind: 'string', repeated: true }],
};

export interface ListContentResponse {
  info: Info[];
}
export const ListContentResponse: MessageType<ListContentResponse> = {
  name: 'containerd.services.content.v1.ListContentResponse',
  fields: [{ number: 1, name: 'info', kind: () => Info, repeated: true }],
};

export interface DeleteContentRequest {
  digest: string;
}
export const DeleteContentRequest: MessageType<DeleteContentRequest> = {
  name: 'containerd.services.content.v1.DeleteContentRequest',
  fields: [{ number: 1, name: 'digest', kind: 'string' }],
};

/** `size` 0 for all from `offset`. */
export interface ReadContentRequest {
  digest: string;
  offset: number;
  size: number;
}
export const ReadContentRequest: MessageType<ReadContentRequest> = {
  name: 'containerd.services.content.v1.ReadContentRequest',
  fields: [
    { number: 1, name: 'digest', kind: 'string' },
    { number: 2, name: 'offset', kind: 'safe-int64' },
    { number: 3, name: 'size', kind: 'safe-int64' },
  ],
};

export interface ReadContentResponse {
  offset: number;
  data: Uint8Array;
}
export const ReadContentResponse: MessageType<ReadContentResponse> = {
  name: 'containerd.services.content.v1.ReadContentResponse',
  fields: [
    { number: 1, name: 'offset', kind: 'safe-int64' },
    { number: 2, name: 'data', kind: 'bytes' },
  ],
};

export interface Status {
  startedAt: wellKnown.Timestamp | undefined;
  updatedAt: wellKnown.Timestamp | undefined;
  ref: string;
  offset: number;
  total: number;
  expected: string;
}
export const Status: MessageType<Status> = {
  name: 'containerd.services.content.v1.Status',
  fields: [
    { number: 1, name: 'startedAt', kind: () => wellKnown.Timestamp },
    { number: 2, name: 'updatedAt', kind: () => wellKnown.Timestamp },
    { number: 3, name: 'ref', kind: 'string' },
    { number: 4, name: 'offset', kind: 'safe-int64' },
    { number: 5, name: 'total', kind: 'safe-int64' },
    { number: 6, name: 'expected', kind: 'string' },
  ],
};

export interface StatusRequest {
  ref: string;
}
export const StatusRequest: MessageType<StatusRequest> = {
  name: 'containerd.services.content.v1.StatusRequest',
  fields: [{ number: 1, name: 'ref', kind: 'string' }],
};

export interface StatusResponse {
  status: Status | undefined;
}
export const StatusResponse: MessageType<StatusResponse> = {
  name: 'containerd.services.content.v1.StatusResponse',
  fields: [{ number: 1, name: 'status', kind: () => Status }],
};

export interface ListStatusesRequest {
  filters: string[];
}
export const ListStatusesRequest: MessageType<ListStatusesRequest> = {
  name: 'containerd.services.content.v1.ListStatusesRequest',
  fields: [{ number: 1, name: 'filters', kind: 'string', repeated: true }],
};

export interface ListStatusesResponse {
  statuses: Status[];
}
export const ListStatusesResponse: MessageType<ListStatusesResponse> = {
  name: 'containerd.services.content.v1.ListStatusesResponse',
  fields: [{ number: 1, name: 'statuses', kind: () => Status, repeated: true }],
};

export interface WriteContentRequest {
  action: number;
  ref: string;
  total: number;
  expected: string;
  offset: number;
  data: Uint8Array;
  labels: Map<string, string>;
}
export const WriteContentRequest: MessageType<WriteContentRequest> = {
  name: 'containerd.services.content.v1.WriteContentRequest',
  fields: [
    { number: 1, name: 'action', kind: 'enum' },
    { number: 2, name: 'ref', kind: 'string' },
    { number: 3, name: 'total', kind: 'safe-int64' },
    { number: 4, name: 'expected', kind: 'string' },
    { number: 5, name: 'offset', kind: 'safe-int64' },
    { number: 6, name: 'data', kind: 'bytes' },
    { number: 7, name: 'labels', kind: 'string', mapKey: 'string' },
  ],
};

export interface WriteContentResponse {
  action: number;
  startedAt: wellKnown.Timestamp | undefined;
  updatedAt: wellKnown.Timestamp | undefined;
  offset: number;
  total: number;
  digest: string;
}
export const WriteContentResponse: MessageType<WriteContentResponse> = {
  name: 'containerd.services.content.v1.WriteContentResponse',
  fields: [
    { number: 1, name: 'action', kind: 'enum' },
    { number: 2, name: 'startedAt', kind: () => wellKnown.Timestamp },
    { number: 3, name: 'updatedAt', kind: () => wellKnown.Timestamp },
    { number: 4, name: 'offset', kind: 'safe-int64' },
    { number: 5, name: 'total', kind: 'safe-int64' },
    { number: 6, name: 'digest', kind: 'string' },
  ],
};

export interface AbortRequest {
  ref: string;
}
export const AbortRequest: MessageType<AbortRequest> = {
  name: 'containerd.services.content.v1.AbortRequest',
  fields: [{ number: 1, name: 'ref', kind: 'string' }],
};

export const Content: {
  info: Method<InfoRequest, InfoResponse, 'unary'>;
  update: Method<UpdateRequest, UpdateResponse, 'unary'>;
  list: Method<ListContentRequest, ListContentResponse, 'server-stream'>;
  delete: Method<DeleteContentRequest, wellKnown.Empty, 'unary'>;
  read: Method<ReadContentRequest, ReadContentResponse, 'server-stream'>;
  status: Method<StatusRequest, StatusResponse, 'unary'>;
  listStatuses: Method<ListStatusesRequest, ListStatusesResponse, 'unary'>;
  write: Method<WriteContentRequest, WriteContentResponse, 'stream'>;
  abort: Method<AbortRequest, wellKnown.Empty, 'unary'>;
} = {
  info: {
    path: '/containerd.services.content.v1.Content/Info',
    kind: 'unary',
    request: InfoRequest,
    response: InfoResponse,
  },
  update: {
    path: '/containerd.services.content.v1.Content/Update',
    kind: 'unary',
    request: UpdateRequest,
    response: UpdateResponse,
  },
  list: {
    path: '/containerd.services.content.v1.Content/List',
    kind: 'server-stream',
    request: ListContentRequest,
    response: ListContentResponse,
  },
  delete: {
    path: '/containerd.services.content.v1.Content/Delete',
    kind: 'unary',
    request: DeleteContentRequest,
    response: wellKnown.Empty,
  },
  read: {
    path: '/containerd.services.content.v1.Content/Read',
    kind: 'server-stream',
    request: ReadContentRequest,
    response: ReadContentResponse,
  },
  status: {
    path: '/containerd.services.content.v1.Content/Status',
    kind: 'unary',
    request: StatusRequest,
    response: StatusResponse,
  },
  listStatuses: {
    path: '/containerd.services.content.v1.Content/ListStatuses',
    kind: 'unary',
    request: ListStatusesRequest,
    response: ListStatusesResponse,
  },
  write: {
    path: '/containerd.services.content.v1.Content/Write',
    kind: 'stream',
    request: WriteContentRequest,
    response: WriteContentResponse,
  },
  abort: {
    path: '/containerd.services.content.v1.Content/Abort',
    kind: 'unary',
    request: AbortRequest,
    response: wellKnown.Empty,
  },
};
