import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Logger } from '@gantry/base';
import { sessionSettings, widenWindow } from './flow.ts';
import type { ServiceTable } from './handlers.ts';
import { MessageStream } from './message-stream.ts';
import { GrpcError, StatusCode, statusOf, statusTrailers } from './status-code.ts';

export interface GrpcServerOptions {
  services: readonly ServiceTable[];
  logger: Logger;
}

/** A connection that is served; it ends with its socket. */
export interface GrpcConnection {
  /** Resolves when the connection is over, however it ended. */
  readonly closed: Promise<void>;
  /** Cancels what is under way and closes the socket. Idempotent. */
  close(): void;
}

/** Serves gRPC on a socket that HTTP/2 without TLS has been agreed on: the other end speaks first. */
export function serveGrpc(socket: Duplex, { services, logger }: GrpcServerOptions): GrpcConnection {
  const methods: ServiceTable = new Map(services.flatMap((table) => [...table]));
  const session: ServerHttp2Session = http2.performServerHandshake(socket, sessionSettings);
  widenWindow(session);
  // A socket that may stay half open is not closed by the other end's leaving alone.
  socket.once('end', () => session.destroy());
  session.on('error', (error) => logger.debug('gRPC connection failed', { error }));
  session.on('stream', (stream, headers) => void serveCall(methods, stream, { headers, logger }));
  const closed = new Promise<void>((resolve) => {
    session.once('close', () => {
      socket.destroy();
      resolve();
    });
  });
  return { closed, close: () => session.destroy() };
}

interface CallParts {
  headers: IncomingHttpHeaders;
  logger: Logger;
}

/** Never rejects. */
async function serveCall(
  methods: ServiceTable,
  stream: ServerHttp2Stream,
  { headers, logger }: CallParts,
): Promise<void> {
  const path = headers[':path'] ?? '';
  stream.on('error', (error) => logger.debug('gRPC call failed', { path, error }));
  if (headers[':method'] !== 'POST' || headers['content-type']?.startsWith('application/grpc') !== true) {
    stream.respond({ ':status': 415 }, { endStream: true });
    return;
  }
  const controller = new AbortController();
  stream.once('close', () => controller.abort(new GrpcError(StatusCode.cancelled, 'the call was cancelled')));
  let status = { code: StatusCode.ok as number, message: '' };
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => {
    stream.sendTrailers(statusTrailers(status));
    // A caller that still sends is told that nobody reads it (RFC 9113, 8.1), after the trailers.
    setImmediate(() => stream.close(http2.constants.NGHTTP2_NO_ERROR));
  });
  try {
    const found = methods.get(path);
    if (found === undefined) throw unknownMethod(path);
    const { method } = found;
    const { request, response } = typeof method === 'function' ? method(headers) : method;
    const messages = new MessageStream(stream, { sends: response, receives: request });
    await found.answer(messages, { headers, signal: controller.signal });
  } catch (error) {
    status = statusOf(error);
    logger.debug('gRPC call answered with an error', { path, status: status.code, error });
  }
  if (!stream.destroyed) stream.end();
}

function unknownMethod(path: string): GrpcError {
  const [, service = '', method = ''] = path.split('/');
  return new GrpcError(StatusCode.unimplemented, `unknown method ${method} for service ${service}`);
}
