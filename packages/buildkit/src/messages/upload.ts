/** `moby.upload.v1`. Made by scripts/generate-messages.ts, not by hand. */

import type { Method } from '../grpc/method.ts';
import type { MessageType } from '../protobuf/message-type.ts';

export interface BytesMessage {
  data: Uint8Array;
}
export const BytesMessage: MessageType<BytesMessage> = {
  name: 'moby.upload.v1.BytesMessage',
  fields: [{ number: 1, name: 'data', kind: 'bytes' }],
};

/** Bytes that the client has under a path of its own making: a context from its standard input. */
export const Upload: { pull: Method<BytesMessage, BytesMessage, 'stream'> } = {
  pull: {
    path: '/moby.upload.v1.Upload/Pull',
    kind: 'stream',
    request: BytesMessage,
    response: BytesMessage,
  },
};
