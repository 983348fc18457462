import { type Field, fields } from '../src/tar/layout.ts';
import { encodePaxRecord } from '../src/tar/pax.ts';
import { encodeTarHeader, type TarEntryInput, tarPadding } from '../src/tar/tar-writer.ts';

/** An empty file, as ustar. */
export const plainFile: TarEntryInput = { type: 'file', name: Buffer.from('f'), sizeBytes: 0 };

/** A header whose fields were changed, with the checksum made right again. */
export function header(changes: [Field, string | Buffer][], input: TarEntryInput = plainFile): Buffer {
  const block = Buffer.from(encodeTarHeader(input));
  for (const [{ at, length }, value] of changes) {
    block.fill(0, at, at + length);
    Buffer.from(value).copy(block, at, 0, length);
  }
  return withChecksum(block);
}

/** Mends the checksum of a header block in place. */
export function withChecksum(block: Buffer): Buffer {
  block.write(' '.repeat(8), fields.checksum.at);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, fields.checksum.at);
  return block;
}

/** An extended header of raw records before an entry. */
export function pax(
  records: [string, string | Buffer][],
  input: TarEntryInput = plainFile,
  type = 'x',
): Buffer {
  const body = Buffer.concat(records.map(([key, value]) => encodePaxRecord(key, Buffer.from(value))));
  return Buffer.concat([metadata(type, body), encodeTarHeader(input)]);
}

/** A member that says something about the next one: its header and its body. */
export function metadata(type: string, body: Buffer): Buffer {
  const size = body.length.toString(8).padStart(11, '0');
  const block = header([
    [fields.type, type],
    [fields.size, size],
  ]);
  return Buffer.concat([block, body, tarPadding(body.length)]);
}

/** GNU's form of a number that octal digits cannot hold; negative ones as two's complement. */
export function base256(value: bigint, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let left = value;
  for (let index = length - 1; index >= 0; index -= 1) {
    bytes[index] = Number(left & 0xffn);
    left >>= 8n;
  }
  bytes[0] = (bytes[0] as number) | 0x80;
  return bytes;
}
