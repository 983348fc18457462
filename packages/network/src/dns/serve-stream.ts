import type { Socket } from 'node:net';
import { FrameReader, frame } from './wire/frame.ts';

/** A client that asks nothing for so long is cut off (RFC 7766 section 6.2.3 wants seconds). */
const idleMs = 10_000;
/** So many questions of one connection are under way at once; then it is not read. */
const longestPipeline = 64;
/** A client that does not read its answers is cut off. */
const longestUnreadBytes = 1024 * 1024;

/**
 * Answers the questions on a connection, as many as come, in whatever order their answers do; ends it when the client has
 * said its last and all is answered.
 */
export function serveStream(
  socket: Socket,
  answer: (message: Buffer) => Buffer | Promise<Buffer> | undefined,
): void {
  let pending = 0;
  let ended = false;
  const send = (message: Buffer): void => {
    if (socket.destroyed) return;
    socket.write(frame(message));
    if (socket.writableLength > longestUnreadBytes) socket.destroy();
  };
  const settle = (message: Buffer): void => {
    pending -= 1;
    send(message);
    if (pending < longestPipeline) socket.resume();
    if (ended && pending === 0) socket.end();
  };
  const reader = new FrameReader((message) => {
    const answered = answer(message);
    // What is no question ends the conversation: nobody can tell where the next one begins.
    if (answered === undefined) socket.destroy();
    else if (answered instanceof Promise) {
      pending += 1;
      if (pending >= longestPipeline) socket.pause();
      void answered.then(settle);
    } else send(answered);
  });
  socket.setTimeout(idleMs, () => {
    if (pending === 0) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => reader.add(chunk));
  socket.on('end', () => {
    ended = true;
    if (pending === 0) socket.end();
  });
}
