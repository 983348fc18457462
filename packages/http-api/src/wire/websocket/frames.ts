import { InvalidRequestError } from '../../errors.ts';

/** What a client said. Data comes in pieces as they arrive, whatever the frames. */
export type WebSocketEvent =
  | { readonly kind: 'data'; readonly data: Buffer }
  | { readonly kind: 'ping'; readonly data: Buffer }
  | { readonly kind: 'close' };

export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** RFC 6455, 5.5: control frames are short. */
const maxControlBytes = 125;

/** One unfragmented frame of a server: never masked. */
export function encodeFrame(opcode: number, data: Uint8Array): Buffer {
  const { length } = data;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, data]);
}

/** Takes a client's bytes apart (RFC 6455, 5.2). Holds no more than a frame's head, or a control frame. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);
  #frame: { opcode: number; mask: Buffer; missing: number; offset: number } | undefined;

  /** Throws `InvalidRequestError` for what breaks the protocol; nothing may be fed after that. */
  feed(chunk: Buffer): WebSocketEvent[] {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = Buffer.alloc(0);
    const events: WebSocketEvent[] = [];
    while (bytes.length > 0 || this.#frame?.missing === 0) {
      if (this.#frame === undefined) {
        const headBytes = this.#readHead(bytes);
        if (headBytes === 0) break;
        bytes = bytes.subarray(headBytes);
      }
      const taken = this.#take(bytes, events);
      if (taken === undefined) break;
      bytes = bytes.subarray(taken);
    }
    this.#pending = bytes;
    return events;
  }

  /** Returns the length of the head; 0 while it is not whole. */
  #readHead(bytes: Buffer): number {
    const [first = 0, second = 0] = bytes;
    const announced = second & 0x7f;
    const lengthBytes = announced === 126 ? 2 : announced === 127 ? 8 : 0;
    const headBytes = 2 + lengthBytes + 4;
    if (bytes.length < headBytes) return 0;
    if ((second & 0x80) === 0) throw broken('a client must mask its frames');
    if ((first & 0x70) !== 0) throw broken('extensions were not agreed on');
    const missing =
      lengthBytes === 0
        ? announced
        : lengthBytes === 2
          ? bytes.readUInt16BE(2)
          : Number(bytes.readBigUInt64BE(2));
    const opcode = first & 0x0f;
    const isControl = opcode >= opcodes.close;
    if (isControl && (missing > maxControlBytes || (first & 0x80) === 0)) throw broken('long control frame');
    if (opcode > opcodes.pong || (opcode > opcodes.binary && !isControl)) throw broken(`opcode ${opcode}`);
    this.#frame = { opcode, mask: bytes.subarray(headBytes - 4, headBytes), missing, offset: 0 };
    return headBytes;
  }

  /** Returns how many bytes it used; undefined when a control frame is not whole yet. */
  #take(bytes: Buffer, events: WebSocketEvent[]): number | undefined {
    const frame = this.#frame;
    if (frame === undefined) return undefined;
    const isControl = frame.opcode >= opcodes.close;
    if (isControl && bytes.length < frame.missing) return undefined;
    const data = unmask(bytes.subarray(0, frame.missing), frame.mask, frame.offset);
    frame.missing -= data.length;
    frame.offset += data.length;
    if (frame.missing === 0) this.#frame = undefined;
    if (frame.opcode === opcodes.close) events.push({ kind: 'close' });
    else if (frame.opcode === opcodes.ping) events.push({ kind: 'ping', data });
    else if (!isControl && data.length > 0) events.push({ kind: 'data', data });
    return data.length;
  }
}

function unmask(bytes: Buffer, mask: Buffer, offset: number): Buffer {
  const data = Buffer.from(bytes);
  for (let index = 0; index < data.length; index += 1) {
    data[index] = (data[index] ?? 0) ^ (mask[(offset + index) % 4] ?? 0);
  }
  return data;
}

function broken(reason: string): InvalidRequestError {
  return new InvalidRequestError(`websocket protocol error: ${reason}`, { code: 'bad-websocket' });
}
