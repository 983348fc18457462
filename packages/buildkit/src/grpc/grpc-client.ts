import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Draft } from '../protobuf/message-type.ts';
import { sessionSettings, widenWindow } from './flow.ts';
import { MessageStream } from './message-stream.ts';
import type { Method } from './method.ts';
import { errorOfTrailers, GrpcError, StatusCode } from './status-code.ts';

export interface CallOptions {
  signal?: AbortSignal;
  /** Headers of the call, in small letters. */
  headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** Calls the services of the other end of a socket. Every failed call throws `GrpcError`. */
export class GrpcClient implements Disposable {
  readonly #session: ClientHttp2Session;
  /** Resolves when the connection is over, however it ended. */
  readonly closed: Promise<void>;

  /** On a socket that HTTP/2 without TLS has been agreed on; it is closed with the client. */
  constructor(socket: Duplex) {
    const session = http2.connect('http://localhost', { ...sessionSettings, createConnection: () => socket });
    this.#session = session;
    widenWindow(session);
    // A socket that may stay half open is not closed by the other end's leaving alone.
    socket.once('end', () => session.destroy());
    session.on('error', () => {});
    this.closed = new Promise((resolve) => {
      session.once('close', () => {
        socket.destroy();
        resolve();
      });
    });
  }

  async unary<Request extends object, Response extends object>(
    method: Method<Request, Response, 'unary'>,
    request: Draft<Request>,
    options: CallOptions = {},
  ): Promise<Response> {
    let response: Response | undefined;
    for await (const message of this.#ask(method, request, options)) response ??= message;
    if (response === undefined) throw new GrpcError(StatusCode.internal, `${method.path} was not answered`);
    return response;
  }

  /** Leaving the loop cancels the call. */
  serverStream<Request extends object, Response extends object>(
    method: Method<Request, Response, 'server-stream'>,
    request: Draft<Request>,
    options: CallOptions = {},
  ): AsyncGenerator<Response, void, void> {
    return this.#ask(method, request, options);
  }

  /** A call without end on either side; `cancel` it, or read it to its end. */
  stream<Request extends object, Response extends object>(
    method: Method<Request, Response, 'stream'>,
    options: CallOptions = {},
  ): MessageStream<Request, Response> {
    return this.#call(method, options);
  }

  /** Cancels what is under way and closes the socket. Idempotent. */
  close(): void {
    this.#session.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *#ask<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    request: Draft<Request>,
    options: CallOptions,
  ): AsyncGenerator<Response, void, void> {
    const messages = this.#call(method, options);
    try {
      await messages.send(request);
      messages.end();
      yield* messages;
    } finally {
      messages.cancel();
    }
  }

  #call<Request extends object, Response extends object>(
    method: Method<Request, Response>,
    { signal, headers = {} }: CallOptions,
  ): MessageStream<Request, Response> {
    signal?.throwIfAborted();
    if (this.#session.closed || this.#session.destroyed) throw connectionIsOver();
    const stream = this.#session.request(
      {
        ':method': 'POST',
        ':path': method.path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      },
      { endStream: false, ...(signal && { signal }) },
    );
    return new MessageStream(stream, {
      sends: method.request,
      receives: method.response,
      outcome: outcomeOf(stream, signal),
    });
  }
}

/** Resolves with what a call ended with; undefined for success. */
function outcomeOf(stream: ClientHttp2Stream, signal: AbortSignal | undefined): Promise<unknown> {
  return new Promise((resolve) => {
    let head: IncomingHttpHeaders = {};
    let failure: unknown;
    stream.once('response', (headers) => {
      head = headers;
      // Without a body the status stands in the first headers.
      if (headers['grpc-status'] !== undefined) resolve(errorOfTrailers(headers));
    });
    stream.once('trailers', (trailers) => resolve(errorOfTrailers(trailers)));
    stream.on('error', (error) => (failure = error));
    stream.once('end', () => stream.end());
    stream.once('close', () => {
      if (signal?.aborted === true) resolve(signal.reason);
      else if (Number(head[':status'] ?? 200) !== 200) resolve(notGrpc(head));
      else resolve(failure instanceof GrpcError ? failure : connectionIsOver());
    });
  });
}

function notGrpc(head: IncomingHttpHeaders): GrpcError {
  return new GrpcError(StatusCode.unavailable, `the other end answered with HTTP status ${head[':status']}`);
}

function connectionIsOver(): GrpcError {
  return new GrpcError(StatusCode.unavailable, 'the connection is over');
}
