import { EngineError } from '@gantry/base';

/** A path or file name. Linux names are bytes: what comes from an image is a `Uint8Array`; a string means its UTF-8. */
export type BytePath = string | Uint8Array;

/** A path that no system call can take: it holds a NUL byte. */
export class InvalidPathError extends EngineError {
  override readonly name = 'InvalidPathError';
  constructor(path: BytePath) {
    super('invalid', 'invalid-path', `invalid path: ${JSON.stringify(pathText(path))} holds a NUL byte`);
  }
}

/** The path as C wants it: its bytes and one NUL. Throws `InvalidPathError`. */
export function cPath(path: BytePath): Uint8Array {
  const bytes = bytesOf(path);
  if (bytes.includes(0)) throw new InvalidPathError(path);
  const terminated = new Uint8Array(bytes.length + 1);
  terminated.set(bytes);
  return terminated;
}

/** The path for a message: bytes that are not UTF-8 become U+FFFD. */
export function pathText(path: BytePath): string {
  return typeof path === 'string' ? path : Buffer.from(path).toString();
}

/** One character a byte: what is not UTF-8 survives, and the result is a map key that can be split and joined. */
export function pathKey(path: BytePath): string {
  return bytesOf(path).toString('latin1');
}

/** The bytes of a `pathKey`. */
export function keyBytes(key: string): Uint8Array {
  return Buffer.from(key, 'latin1');
}

function bytesOf(path: BytePath): Buffer {
  return typeof path === 'string'
    ? Buffer.from(path)
    : Buffer.from(path.buffer, path.byteOffset, path.length);
}
