/** `moby.filesync.v1`. What a client of a session offers for files and credentials. Made by scripts/generate-messages.ts, not by hand. */

import type { Method } from '../grpc/method.ts';
import type { MessageType } from '../protobuf/message-type.ts';
import * as fsutil from './fsutil.ts';

export interface BytesMessage {
  data: Uint8Array;
}
export const BytesMessage: MessageType<BytesMessage> = {
  name: 'moby.filesync.v1.BytesMessage',
  fields: [{ number: 1, name: 'data', kind: 'bytes' }],
};

export interface CredentialsRequest {
  host: string;
}
export const CredentialsRequest: MessageType<CredentialsRequest> = {
  name: 'moby.filesync.v1.CredentialsRequest',
  fields: [{ number: 1, name: 'host', kind: 'string' }],
};

export interface CredentialsResponse {
  username: string;
  secret: string;
}
export const CredentialsResponse: MessageType<CredentialsResponse> = {
  name: 'moby.filesync.v1.CredentialsResponse',
  fields: [
    { number: 1, name: 'username', kind: 'string' },
    { number: 2, name: 'secret', kind: 'string' },
  ],
};

export interface FetchTokenRequest {
  clientId: string;
  host: string;
  realm: string;
  service: string;
  scopes: string[];
}
export const FetchTokenRequest: MessageType<FetchTokenRequest> = {
  name: 'moby.filesync.v1.FetchTokenRequest',
  fields: [
    { number: 1, name: 'clientId', kind: 'string' },
    { number: 2, name: 'host', kind: 'string' },
    { number: 3, name: 'realm', kind: 'string' },
    { number: 4, name: 'service', kind: 'string' },
    { number: 5, name: 'scopes', kind: 'string', repeated: true },
  ],
};

/** Seconds, and seconds since 1970. */
export interface FetchTokenResponse {
  token: string;
  expiresIn: number;
  issuedAt: number;
}
export const FetchTokenResponse: MessageType<FetchTokenResponse> = {
  name: 'moby.filesync.v1.FetchTokenResponse',
  fields: [
    { number: 1, name: 'token', kind: 'string' },
    { number: 2, name: 'expiresIn', kind: 'safe-int64' },
    { number: 3, name: 'issuedAt', kind: 'safe-int64' },
  ],
};

export interface GetTokenAuthorityRequest {
  host: string;
  salt: Uint8Array;
}
export const GetTokenAuthorityRequest: MessageType<GetTokenAuthorityRequest> = {
  name: 'moby.filesync.v1.GetTokenAuthorityRequest',
  fields: [
    { number: 1, name: 'host', kind: 'string' },
    { number: 2, name: 'salt', kind: 'bytes' },
  ],
};

export interface GetTokenAuthorityResponse {
  publicKey: Uint8Array;
}
export const GetTokenAuthorityResponse: MessageType<GetTokenAuthorityResponse> = {
  name: 'moby.filesync.v1.GetTokenAuthorityResponse',
  fields: [{ number: 1, name: 'publicKey', kind: 'bytes' }],
};

export interface VerifyTokenAuthorityRequest {
  host: string;
  payload: Uint8Array;
  salt: Uint8Array;
}
export const VerifyTokenAuthorityRequest: MessageType<VerifyTokenAuthorityRequest> = {
  name: 'moby.filesync.v1.VerifyTokenAuthorityRequest',
  fields: [
    { number: 1, name: 'host', kind: 'string' },
    { number: 2, name: 'payload', kind: 'bytes' },
    { number: 3, name: 'salt', kind: 'bytes' },
  ],
};

export interface VerifyTokenAuthorityResponse {
  signed: Uint8Array;
}
export const VerifyTokenAuthorityResponse: MessageType<VerifyTokenAuthorityResponse> = {
  name: 'moby.filesync.v1.VerifyTokenAuthorityResponse',
  fields: [{ number: 1, name: 'signed', kind: 'bytes' }],
};

/** Directories of the client. Headers say which: `dir-name`, `include-patterns`, `exclude-patterns`, `followpaths`. */
export const FileSync: {
  diffCopy: Method<fsutil.Packet, fsutil.Packet, 'stream'>;
  tarStream: Method<fsutil.Packet, fsutil.Packet, 'stream'>;
} = {
  diffCopy: {
    path: '/moby.filesync.v1.FileSync/DiffCopy',
    kind: 'stream',
    request: fsutil.Packet,
    response: fsutil.Packet,
  },
  tarStream: {
    path: '/moby.filesync.v1.FileSync/TarStream',
    kind: 'stream',
    request: fsutil.Packet,
    response: fsutil.Packet,
  },
};

/** Takes what a build made: bytes of a file, or packets of a directory, by the exporter that the header `buildkit-attachable-exporter-id` names. */
export const FileSend: { diffCopy: Method<BytesMessage, BytesMessage, 'stream'> } = {
  diffCopy: {
    path: '/moby.filesync.v1.FileSend/DiffCopy',
    kind: 'stream',
    request: BytesMessage,
    response: BytesMessage,
  },
};

/** The client's credentials for registries; it hands out tokens rather than passwords when it can. */
export const Auth: {
  credentials: Method<CredentialsRequest, CredentialsResponse, 'unary'>;
  fetchToken: Method<FetchTokenRequest, FetchTokenResponse, 'unary'>;
  getTokenAuthority: Method<GetTokenAuthorityRequest, GetTokenAuthorityResponse, 'unary'>;
  verifyTokenAuthority: Method<VerifyTokenAuthorityRequest, VerifyTokenAuthorityResponse, 'unary'>;
} = {
  credentials: {
    path: '/moby.filesync.v1.Auth/Credentials',
    kind: 'unary',
    request: CredentialsRequest,
    response: CredentialsResponse,
  },
  fetchToken: {
    path: '/moby.filesync.v1.Auth/FetchToken',
    kind: 'unary',
    request: FetchTokenRequest,
    response: FetchTokenResponse,
  },
  getTokenAuthority: {
    path: '/moby.filesync.v1.Auth/GetTokenAuthority',
    kind: 'unary',
    request: GetTokenAuthorityRequest,
    response: GetTokenAuthorityResponse,
  },
  verifyTokenAuthority: {
    path: '/moby.filesync.v1.Auth/VerifyTokenAuthority',
    kind: 'unary',
    request: VerifyTokenAuthorityRequest,
    response: VerifyTokenAuthorityResponse,
  },
};
