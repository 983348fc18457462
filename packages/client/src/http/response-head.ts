import { ProtocolError, TruncatedResponseError } from '../errors.ts';
import type { SocketReader } from './socket-reader.ts';

/** Status line and headers. Names are in lower case; a repeated header's values are joined with `, `. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

/** A larger head is refused. */
export const maxHeadBytes: number = 256 * 1024;

/**
 * Reads one response head (RFC 9112) and leaves what follows in the reader; informational responses other than 101
 * are skipped. Throws `ProtocolError` for what is not HTTP or larger than 256 kB, `TruncatedResponseError` at the end.
 */
export async function readResponseHead(reader: SocketReader): Promise<ResponseHead> {
  for (;;) {
    const head = parseHead(await readHeadText(reader));
    if (head.status >= 200 || head.status === 101) return head;
  }
}

async function readHeadText(reader: SocketReader): Promise<string> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = await reader.read();
    if (chunk === undefined) throw new TruncatedResponseError('the response head');
    const searchFrom = Math.max(0, bytes.length - 3);
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf('\r\n\r\n', searchFrom);
    if (end >= 0 ? end > maxHeadBytes : bytes.length > maxHeadBytes) {
      throw new ProtocolError(`the response head is larger than ${maxHeadBytes} bytes`);
    }
    if (end >= 0) {
      reader.unread(bytes.subarray(end + 4));
      return bytes.toString('latin1', 0, end);
    }
    if (bytes.length >= 5 && bytes.toString('latin1', 0, 5) !== 'HTTP/') {
      throw new ProtocolError('the answer is not HTTP');
    }
  }
}

/** Reads status line and headers. Throws `ProtocolError`. */
export function parseHead(text: string): ResponseHead {
  const lines = text.split('\r\n');
  const [version = '', statusText = ''] = (lines[0] ?? '').split(' ');
  const status = Number(statusText);
  const isHttp = version === 'HTTP/1.1' || version === 'HTTP/1.0';
  if (!isHttp || statusText.length !== 3 || !(status >= 100 && status <= 999)) {
    throw new ProtocolError(`malformed status line: ${(lines[0] ?? '').slice(0, 80)}`);
  }
  const headers = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    if (colon <= 0) throw new ProtocolError(`malformed header line: ${line.slice(0, 80)}`);
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return { status, headers };
}
