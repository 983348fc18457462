/** `fsutil.types`. Directories on the wire. The sender tells a stat for each entry, in the order of paths, and ends with an empty one; the receiver asks for contents by the entry's position (from 0) and ends with FIN, which the sender answers with FIN. Made by scripts/generate-messages.ts, not by hand. */

import type { MessageType } from '../protobuf/message-type.ts';

export const PacketType = { stat: 0, request: 1, data: 2, fin: 3, error: 4 } as const;

/** An entry: `mode` has Go's bits (directory 1<<31, link 1<<27, …), the time is in nanoseconds. */
export interface Stat {
  path: string;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  modTime: bigint;
  /** Of a link where it leads; of a further name of a file the first one. */
  linkname: string;
  devmajor: number;
  devminor: number;
  xattrs: Map<string, Uint8Array>;
}
export const Stat: MessageType<Stat> = {
  name: 'fsutil.types.Stat',
  fields: [
    { number: 1, name: 'path', kind: 'string' },
    { number: 2, name: 'mode', kind: 'uint32' },
    { number: 3, name: 'uid', kind: 'uint32' },
    { number: 4, name: 'gid', kind: 'uint32' },
    { number: 5, name: 'size', kind: 'safe-int64' },
    { number: 6, name: 'modTime', kind: 'int64' },
    { number: 7, name: 'linkname', kind: 'string' },
    { number: 8, name: 'devmajor', kind: 'safe-int64' },
    { number: 9, name: 'devminor', kind: 'safe-int64' },
    { number: 10, name: 'xattrs', kind: 'bytes', mapKey: 'string' },
  ],
};

/** `id` is the entry's position in requests and data; data that is empty ends a file. */
export interface Packet {
  type: number;
  stat: Stat | undefined;
  id: number;
  data: Uint8Array;
}
export const Packet: MessageType<Packet> = {
  name: 'fsutil.types.Packet',
  fields: [
    { number: 1, name: 'type', kind: 'enum' },
    { number: 2, name: 'stat', kind: () => Stat },
    { number: 3, name: 'id', kind: 'uint32' },
    { number: 4, name: 'data', kind: 'bytes' },
  ],
};
