import type { Duplex } from 'node:stream';
import { errorMessage } from '@gantry/base';
import { closeGently } from '@gantry/http-server';
import type { AttachSession } from '../backends/container-backend.ts';
import { InvalidRequestError } from '../errors.ts';
import type { Exchange } from '../server/exchange.ts';
import { writeFrames } from './frame-writer.ts';
import { probeClient } from './gone-client.ts';
import { rawStreamMediaType, streamMediaType } from './media-type.ts';

/** Listeners of node:http that would go on parsing what is now a raw stream. `close` stays: it frees the parser. */
const parserEvents = ['data', 'end', 'drain', 'timeout', 'resume', 'pause'] as const;

/**
 * Turns the connection into the session's streams, as Docker's attach and exec do: output (framed unless it is a
 * terminal's) to the client, what the client sends to the session's input. Each direction ends by itself: the client's
 * half-close is the end of input, and output goes on. Resolves when the connection is done with; the session is closed.
 */
export async function serveSession(exchange: Exchange, session: AttachSession): Promise<void> {
  const { clock, limits } = exchange.context;
  try {
    const socket = takeOver(exchange, session.terminal);
    void probeClient(socket, clock, limits.goneProbeIntervalMs);
    pumpInput(exchange, socket, session);
    await sendOutput(exchange, socket, session);
  } finally {
    session.close();
    if (exchange.hijacked) await closeGently(exchange.socket, clock, limits.lingerTimeoutMs);
  }
}

async function sendOutput(exchange: Exchange, socket: Duplex, session: AttachSession): Promise<void> {
  const multiplexed = !session.terminal;
  try {
    await writeFrames(socket, session.output, { multiplexed });
  } catch (error) {
    if (exchange.aborted) return;
    exchange.logger.warn('attached stream failed', { error });
    if (multiplexed) await writeFrames(socket, systemFrame(error), { multiplexed });
  }
}

async function* systemFrame(error: unknown): AsyncGenerator<{ stream: 'system'; data: Uint8Array }> {
  yield { stream: 'system', data: Buffer.from(`${errorMessage(error)}\n`) };
}

/** Sends the head of the answer; from here on the socket is ours. */
function takeOver(exchange: Exchange, terminal: boolean): Duplex {
  const { socket } = exchange;
  if (exchange.response.socket !== socket) {
    throw new InvalidRequestError('a connection cannot be taken over while it has unanswered requests');
  }
  exchange.hijacked = true;
  socket.once('close', () => exchange.abort());
  // A reset by the client is told by `close`; without a listener it would end the process.
  socket.on('error', () => {});
  if (!exchange.isUpgrade) {
    exchange.response.detachSocket(socket as never);
    for (const event of parserEvents) socket.removeAllListeners(event);
    // A listener is what takes the bytes away from the parser, which else reads them off the handle by itself.
    socket.on('data', () => {});
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${rawStreamMediaType}\r\n\r\n`);
  } else {
    socket.removeAllListeners('end');
    const mediaType = streamMediaType(terminal, exchange.version);
    socket.write(
      `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${mediaType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
    );
  }
  return socket;
}

/** One chunk at a time: the client is not read while the container does not take its input. */
function pumpInput(exchange: Exchange, socket: Duplex, session: AttachSession): void {
  const { input } = session;
  if (input === undefined) {
    socket.resume();
    return;
  }
  let last: Promise<void> = Promise.resolve();
  let broken = false;
  socket.on('data', (chunk: Buffer) => {
    if (broken) return;
    socket.pause();
    last = input.write(chunk).catch((error: unknown) => {
      broken = true;
      exchange.logger.debug('container takes no more input', { error });
    });
    void last.then(() => socket.resume());
  });
  const onEnd = (): void => void last.then(() => input.end());
  if (socket.readableEnded) onEnd();
  else socket.once('end', onEnd);
}
