import { readSync } from 'node:fs';
import { EngineError } from '@gantry/base';
import { type BytePath, pathText } from './byte-path.ts';
import type { Descriptor } from './descriptor.ts';

/** A file is larger than whoever reads it is ready to hold. */
export class FileTooLargeError extends EngineError {
  override readonly name = 'FileTooLargeError';
  constructor(path: BytePath, maxBytes: number) {
    super('invalid', 'file-too-large', `${pathText(path)}: larger than ${maxBytes} bytes`, {
      details: { path: pathText(path), maxBytes },
    });
  }
}

/** Reads to the end, whatever size the file claims (files of /proc claim none). Throws `FileTooLargeError`. */
export function readBounded(file: Descriptor, maxBytes: number, path: BytePath): Uint8Array {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(65536, maxBytes - length + 1));
    const read = readSync(file.fd, chunk);
    if (read === 0) return Buffer.concat(chunks, length);
    length += read;
    if (length > maxBytes) throw new FileTooLargeError(path, maxBytes);
    chunks.push(chunk.subarray(0, read));
  }
}
