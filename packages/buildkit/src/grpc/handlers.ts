import type { IncomingHttpHeaders } from 'node:http2';
import type { Draft } from '../protobuf/message-type.ts';
import type { MessageStream } from './message-stream.ts';
import type { Method } from './method.ts';
import { GrpcError, StatusCode } from './status-code.ts';

/** A call, as the one who answers it sees it. */
export interface Call {
  readonly headers: IncomingHttpHeaders;
  /** Aborts when the caller cancels or goes away. */
  readonly signal: AbortSignal;
}

type Handler<M> =
  M extends Method<infer Request, infer Response, infer Kind>
    ? {
        unary: (request: Request, call: Call) => Promise<Draft<Response>> | Draft<Response>;
        'server-stream': (request: Request, call: Call) => AsyncIterable<Draft<Response>>;
        stream: (messages: MessageStream<Response, Request>, call: Call) => Promise<void>;
      }[Kind]
    : never;

/** Answers to some methods of a service; the others are refused by name. */
export type ServiceHandlers<Service> = { readonly [Name in keyof Service]?: Handler<Service[Name]> };

/** A method with its answer. */
export interface BoundMethod {
  /** Where headers say what the messages are, chosen by them. */
  readonly method: Method<object, object> | ((headers: IncomingHttpHeaders) => Method<object, object>);
  answer(messages: MessageStream<object, object>, call: Call): Promise<void>;
}

/** What a connection serves, by path. */
export type ServiceTable = ReadonlyMap<string, BoundMethod>;

/** Ties answers to a service's methods. What they throw ends the call with its status. */
export function implement<Service extends Readonly<Record<string, Method<object, object>>>>(
  service: Service,
  handlers: ServiceHandlers<Service>,
): ServiceTable {
  const table = new Map<string, BoundMethod>();
  for (const [name, method] of Object.entries(service)) {
    const handler = (handlers as Readonly<Record<string, AnyHandler | undefined>>)[name];
    if (handler !== undefined) table.set(method.path, { method, answer: answerOf(method, handler) });
  }
  return table;
}

type AnyHandler = (first: unknown, call: Call) => unknown;

function answerOf({ kind, path }: Method<object, object>, handler: AnyHandler): BoundMethod['answer'] {
  if (kind === 'stream') return async (messages, call) => void (await handler(messages, call));
  return async (messages, call) => {
    const answer = handler(await onlyMessage(messages, path), call);
    if (kind === 'unary') return await messages.send((await answer) as object);
    for await (const message of answer as AsyncIterable<object>) await messages.send(message);
  };
}

async function onlyMessage(messages: AsyncIterable<object>, path: string): Promise<object> {
  for await (const message of messages) return message;
  throw new GrpcError(StatusCode.internal, `${path} was called without a message`);
}
