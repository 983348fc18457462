import { InvalidRequestError } from '../errors.ts';

/** Deeper than any body of Docker's API, shallow enough for every recursive reader. */
const maxDepth = 64;

/** Parses bytes as one JSON value. Throws `InvalidRequestError` for what is malformed, nested too deep, or followed by more. */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.every(isSpace)) throw badJson('got EOF while reading request body');
  checkDepth(bytes);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw badJson(error instanceof Error ? error.message : String(error), error);
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function checkDepth(bytes: Buffer): void {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (quoted) {
      if (byte === 0x5c) index += 1;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) quoted = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > maxDepth) throw badJson(`nested deeper than ${maxDepth}`);
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
}

function badJson(reason: string, cause?: unknown): InvalidRequestError {
  return new InvalidRequestError(`invalid JSON: ${reason.slice(0, 300)}`, { code: 'bad-json', cause });
}
