import { Duplex } from 'node:stream';
import type { control, MessageStream } from '@gantry/buildkit';
import { pieces } from './pieces.ts';

/** A connection inside a call: the bytes of its messages. The call ends with it. */
export function streamSocket(messages: MessageStream<control.BytesMessage, control.BytesMessage>): Duplex {
  const incoming = messages[Symbol.asyncIterator]();
  const socket: Duplex = new Duplex({
    read() {
      incoming.next().then(
        ({ done, value }) => socket.push(done === true ? null : value.data),
        (error: unknown) => socket.destroy(error instanceof Error ? error : undefined),
      );
    },
    write(chunk: Buffer, _encoding, callback) {
      void sendPieces(messages, chunk, callback);
    },
    final(callback) {
      messages.end();
      callback();
    },
    destroy(error, callback) {
      messages.cancel();
      callback(error);
    },
  });
  socket.on('error', () => {});
  return socket;
}

async function sendPieces(
  messages: MessageStream<control.BytesMessage, control.BytesMessage>,
  chunk: Uint8Array,
  done: (error?: Error) => void,
): Promise<void> {
  try {
    for (const data of pieces(chunk)) await messages.send({ data });
    done();
  } catch (error) {
    done(error as Error);
  }
}
