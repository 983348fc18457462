import type { MessageType } from '../protobuf/message-type.ts';

/** `stream`: both ends send as many messages as they like, at any time. */
export type MethodKind = 'unary' | 'server-stream' | 'stream';

/** One method of a service. */
export interface Method<
  Request extends object,
  Response extends object,
  Kind extends MethodKind = MethodKind,
> {
  /** `/package.Service/Name`. */
  readonly path: string;
  readonly kind: Kind;
  readonly request: MessageType<Request>;
  readonly response: MessageType<Response>;
}
