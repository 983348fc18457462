/** `google.rpc`. What a failed call says beyond code and text. Made by scripts/generate-messages.ts, not by hand. */

import type { MessageType } from '../protobuf/message-type.ts';
import * as wellKnown from './well-known.ts';

/** In `grpc-status-details-bin`, and where an error is part of a message. */
export interface Status {
  code: number;
  message: string;
  details: wellKnown.Any[];
}
export const Status: MessageType<Status> = {
  name: 'google.rpc.Status',
  fields: [
    { number: 1, name: 'code', kind: 'int32' },
    { number: 2, name: 'message', kind: 'string' },
    { number: 3, name: 'details', kind: () => wellKnown.Any, repeated: true },
  ],
};
