/** `moby.buildkit.secrets.v1`. Made by scripts/generate-messages.ts, not by hand. */

import type { Method } from '../grpc/method.ts';
import type { MessageType } from '../protobuf/message-type.ts';

export interface GetSecretRequest {
  id: string;
  annotations: Map<string, string>;
}
export const GetSecretRequest: MessageType<GetSecretRequest> = {
  name: 'moby.buildkit.secrets.v1.GetSecretRequest',
  fields: [
    { number: 1, name: 'id', kind: 'string' },
    { number: 2, name: 'annotations', kind: 'string', mapKey: 'string' },
  ],
};

export interface GetSecretResponse {
  data: Uint8Array;
}
export const GetSecretResponse: MessageType<GetSecretResponse> = {
  name: 'moby.buildkit.secrets.v1.GetSecretResponse',
  fields: [{ number: 1, name: 'data', kind: 'bytes' }],
};

export const Secrets: { getSecret: Method<GetSecretRequest, GetSecretResponse, 'unary'> } = {
  getSecret: {
    path: '/moby.buildkit.secrets.v1.Secrets/GetSecret',
    kind: 'unary',
    request: GetSecretRequest,
    response: GetSecretResponse,
  },
};
