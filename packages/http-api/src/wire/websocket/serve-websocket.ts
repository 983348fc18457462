import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { closeGently, drained } from '@gantry/http-server';
import type { AttachSession } from '../../backends/container-backend.ts';
import { InvalidRequestError } from '../../errors.ts';
import type { Exchange } from '../../server/exchange.ts';
import { probeClient } from '../gone-client.ts';
import { encodeFrame, FrameReader, opcodes, type WebSocketEvent } from './frames.ts';

/** RFC 6455, 1.3. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const status = { normal: 1000, protocolError: 1002, unexpected: 1011 } as const;

/**
 * Turns the connection into a WebSocket with the session's streams, as Docker's `attach/ws` does: output in binary frames,
 * stdout and stderr in one, and what the client sends to the session's input. A close of the client is the end of input and of
 * the session. Resolves when the connection is done with. Throws `InvalidRequestError` for a request that is no handshake.
 */
export async function serveWebSocket(exchange: Exchange, session: AttachSession): Promise<void> {
  const { clock, limits } = exchange.context;
  try {
    const socket = takeOver(exchange);
    void probeClient(socket, clock, limits.goneProbeIntervalMs);
    readInput(exchange, socket, session);
    const code = await sendOutput(exchange, socket, session);
    if (socket.writable) socket.write(encodeFrame(opcodes.close, closeCode(code)));
  } finally {
    session.close();
    if (exchange.hijacked) await closeGently(exchange.socket, clock, limits.lingerTimeoutMs);
  }
}

function takeOver(exchange: Exchange): Duplex {
  const { socket, request } = exchange;
  const key = request.headers['sec-websocket-key'] ?? '';
  const isHandshake = request.headers['sec-websocket-version'] === '13' && /^[\w+/]{22}==$/.test(key);
  if (!exchange.isUpgrade || !isHandshake) {
    throw new InvalidRequestError('not websocket protocol', { code: 'bad-websocket' });
  }
  if (exchange.response.socket !== socket) {
    throw new InvalidRequestError('a connection cannot be taken over while it has unanswered requests');
  }
  exchange.hijacked = true;
  socket.once('close', () => exchange.abort());
  socket.removeAllListeners('end');
  const accept = createHash('sha1')
    .update(key + acceptSuffix)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  return socket;
}

async function sendOutput(exchange: Exchange, socket: Duplex, session: AttachSession): Promise<number> {
  try {
    for await (const some of session.output) {
      for (const { data } of 'stream' in some ? [some] : some) {
        if (socket.destroyed) return status.normal;
        if (!socket.write(encodeFrame(opcodes.binary, data))) await drained(socket);
      }
    }
    return status.normal;
  } catch (error) {
    if (!exchange.aborted) exchange.logger.warn('attached stream failed', { error });
    return status.unexpected;
  }
}

/** One chunk at a time: the client is not read while the container does not take its input. */
function readInput(exchange: Exchange, socket: Duplex, session: AttachSession): void {
  const reader = new FrameReader();
  const end = (code: number): void => {
    session.input?.end();
    if (socket.writable) socket.write(encodeFrame(opcodes.close, closeCode(code)));
    session.close();
  };
  let last: Promise<void> = Promise.resolve();
  socket.on('data', (chunk: Buffer) => {
    socket.pause();
    last = last
      .then(() => take(reader.feed(chunk)))
      .then(
        () => void socket.resume(),
        (error: unknown) => {
          exchange.logger.debug('websocket ended', { error });
          end(status.protocolError);
        },
      );
  });
  socket.once('end', () => void last.then(() => end(status.normal)));

  const take = async (events: readonly WebSocketEvent[]): Promise<void> => {
    for (const event of events) {
      if (event.kind === 'data') await session.input?.write(event.data);
      else if (event.kind === 'ping') socket.write(encodeFrame(opcodes.pong, event.data));
      else return end(status.normal);
    }
  };
}

function closeCode(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return payload;
}
