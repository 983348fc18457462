import http2, { type Http2Stream } from 'node:http2';
import { decodeMessage } from '../protobuf/decode-message.ts';
import { encodeMessage } from '../protobuf/encode-message.ts';
import type { Draft, MessageType } from '../protobuf/message-type.ts';
import { FrameReader, frameOf } from './frames.ts';
import { GrpcError, StatusCode } from './status-code.ts';

export interface MessageStreamOptions<Sent extends object, Received extends object> {
  sends: MessageType<Sent>;
  receives: MessageType<Received>;
  /** What the call ended with, of the one who made it: undefined for success. */
  outcome?: Promise<unknown>;
}

/** One end of a call: messages both ways, each at its own pace. Iterate once. */
export class MessageStream<Sent extends object, Received extends object> implements AsyncIterable<Received> {
  readonly #stream: Http2Stream;
  readonly #options: MessageStreamOptions<Sent, Received>;

  constructor(stream: Http2Stream, options: MessageStreamOptions<Sent, Received>) {
    this.#stream = stream;
    this.#options = options;
    // Failures come out of the iteration and of `send`; without a listener they would end the process.
    stream.on('error', () => {});
  }

  /** Resolves when there is room for more. Throws `GrpcError` when the call is over. */
  async send(draft: Draft<Sent>): Promise<void> {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) throw callIsOver();
    if (stream.write(frameOf(encodeMessage(this.#options.sends, draft)))) return;
    await drained(stream, this.#options.outcome);
  }

  /** There is nothing more to send; what comes can still be read. Idempotent. */
  end(): void {
    if (!this.#stream.writableEnded && !this.#stream.destroyed) this.#stream.end();
  }

  /** Ends the call both ways, whatever is under way. Idempotent. */
  cancel(): void {
    if (!this.#stream.destroyed) this.#stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Received, void, void> {
    const { receives } = this.#options;
    const frames = new FrameReader();
    const chunks = this.#stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    try {
      for await (const chunk of chunks) {
        for (const message of frames.feed(chunk)) yield decodeMessage(receives, message);
      }
    } catch (error) {
      await this.#throwOutcome();
      throw error;
    }
    await this.#throwOutcome();
    if (this.#stream.aborted) throw callIsOver();
    frames.end();
  }

  async #throwOutcome(): Promise<void> {
    const error = await this.#options.outcome;
    if (error !== undefined) throw error;
  }
}

function callIsOver(): GrpcError {
  return new GrpcError(StatusCode.cancelled, 'the call is over');
}

/** Whoever has answered reads no more. */
function drained(stream: Http2Stream, outcome: Promise<unknown> | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      stream.off('drain', settle);
      stream.off('close', onOver);
      resolve();
    };
    const onOver = (): void => {
      reject(callIsOver());
      settle();
    };
    stream.on('drain', settle);
    stream.on('close', onOver);
    void outcome?.then(onOver);
    if (stream.destroyed) onOver();
  });
}
