import type { ProgressMessage } from '@gantry/api-types';
import { ProgressError, ProtocolError } from './errors.ts';

const maxLineChars = 64 * 1024 * 1024;

/** The lines of a stream that are not blank. Throws `ProtocolError` for one over 64 MB. */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineChars) throw new ProtocolError('a line of the stream is too long');
    for (const line of lines) if (line.trim() !== '') yield line;
  }
  if (rest.trim() !== '') yield rest;
}

/** The objects of a stream that has one a line. Throws `ProtocolError` for a line that is not JSON. */
export async function* readJsonLines<T>(source: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  for await (const line of readLines(source)) yield parseLine(line) as T;
}

/** The messages of a pull, load or import. The one that tells an error is thrown as `ProgressError`. */
export async function* readProgress(source: AsyncIterable<Uint8Array>): AsyncGenerator<ProgressMessage> {
  for await (const message of readJsonLines<ProgressMessage>(source)) {
    const error = message.errorDetail?.message ?? message.error;
    if (error !== undefined) throw new ProgressError(error, message.errorDetail?.code);
    yield message;
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new ProtocolError(`a line of the stream is not JSON: ${line.slice(0, 80)}`, error);
  }
}
