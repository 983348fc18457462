/** `moby.sshforward.v1`. Made by scripts/generate-messages.ts, not by hand. */

import type { Method } from '../grpc/method.ts';
import type { EmptyMessage, MessageType } from '../protobuf/message-type.ts';

export interface BytesMessage {
  data: Uint8Array;
}
export const BytesMessage: MessageType<BytesMessage> = {
  name: 'moby.sshforward.v1.BytesMessage',
  fields: [{ number: 1, name: 'data', kind: 'bytes' }],
};

export interface CheckAgentRequest {
  id: string;
}
export const CheckAgentRequest: MessageType<CheckAgentRequest> = {
  name: 'moby.sshforward.v1.CheckAgentRequest',
  fields: [{ number: 1, name: 'id', kind: 'string' }],
};

export type CheckAgentResponse = EmptyMessage;
export const CheckAgentResponse: MessageType<CheckAgentResponse> = {
  name: 'moby.sshforward.v1.CheckAgentResponse',
  fields: [],
};

/** The client's ssh agents; the header `buildkit.ssh.id` says which, `default` without it. */
export const SSH: {
  checkAgent: Method<CheckAgentRequest, CheckAgentResponse, 'unary'>;
  forwardAgent: Method<BytesMessage, BytesMessage, 'stream'>;
} = {
  checkAgent: {
    path: '/moby.sshforward.v1.SSH/CheckAgent',
    kind: 'unary',
    request: CheckAgentRequest,
    response: CheckAgentResponse,
  },
  forwardAgent: {
    path: '/moby.sshforward.v1.SSH/ForwardAgent',
    kind: 'stream',
    request: BytesMessage,
    response: BytesMessage,
  },
};
