/** `google.protobuf`. Google's own types, as far as the others use them. Made by scripts/generate-messages.ts, not by hand. */

import type { EmptyMessage, MessageType } from '../protobuf/message-type.ts';

/** A moment in UTC. */
export interface Timestamp {
  seconds: number;
  nanos: number;
}
export const Timestamp: MessageType<Timestamp> = {
  name: 'google.protobuf.Timestamp',
  fields: [
    { number: 1, name: 'seconds', kind: 'safe-int64' },
    { number: 2, name: 'nanos', kind: 'int32' },
  ],
};

/** A message with the name of its type. */
export interface Any {
  typeUrl: string;
  value: Uint8Array;
}
export const Any: MessageType<Any> = {
  name: 'google.protobuf.Any',
  fields: [
    { number: 1, name: 'typeUrl', kind: 'string' },
    { number: 2, name: 'value', kind: 'bytes' },
  ],
};

export type Empty = EmptyMessage;
export const Empty: MessageType<Empty> = { name: 'google.protobuf.Empty', fields: [] };
