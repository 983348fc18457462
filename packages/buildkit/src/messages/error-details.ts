/** `errdefs`. What BuildKit says about errors, as details of a Status. Made by scripts/generate-messages.ts, not by hand. */

import type { MessageType } from '../protobuf/message-type.ts';
import * as ops from './ops.ts';

/** Where in which file: clients print the lines. */
export interface Source {
  info: ops.SourceInfo | undefined;
  ranges: ops.Range[];
}
export const Source: MessageType<Source> = {
  name: 'errdefs.Source',
  fields: [
    { number: 1, name: 'info', kind: () => ops.SourceInfo },
    { number: 2, name: 'ranges', kind: () => ops.Range, repeated: true },
  ],
};

/** The step that failed. */
export interface Vertex {
  digest: string;
}
export const Vertex: MessageType<Vertex> = {
  name: 'errdefs.Vertex',
  fields: [{ number: 1, name: 'digest', kind: 'string' }],
};

export interface Subrequest {
  name: string;
}
export const Subrequest: MessageType<Subrequest> = {
  name: 'errdefs.Subrequest',
  fields: [{ number: 1, name: 'name', kind: 'string' }],
};
