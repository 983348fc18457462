import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type ArchiveCompression, compressionProbeBytes, detectCompression } from '@gantry/oci';
import { InvalidImageError, ProgramMissingError } from '../errors.ts';

const chunkSize = 512 * 1024;

export interface SniffedStream {
  compression: ArchiveCompression;
  /** All the bytes, those looked at too. */
  stream: AsyncIterable<Uint8Array>;
}

/** Looks at a stream's first bytes. Who does not iterate `stream` must close `source`. */
export async function sniffStream(source: AsyncIterable<Uint8Array>): Promise<SniffedStream> {
  const iterator = source[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let length = 0;
  while (length < compressionProbeBytes) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    head.push(value);
    length += value.length;
  }
  return { compression: detectCompression(Buffer.concat(head)), stream: resume(head, iterator) };
}

async function* resume(
  head: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let isOver = false;
  try {
    yield* head;
    for (;;) {
      const { value, done } = await iterator.next();
      if (done === true) {
        isOver = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!isOver) await iterator.return?.();
  }
}

/**
 * Unpacks a stream. gzip and zstd in this process (zlib's threads), xz and bzip2 by their programs. Reads only as fast
 * as it is read; leaving early ends everything, the program too. Throws `InvalidImageError` for damaged or truncated
 * input and `ProgramMissingError`; an error of `source` passes through.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  compression: ArchiveCompression,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (compression === 'none') yield* source;
  else if (compression === 'gzip' || compression === 'zstd') yield* throughZlib(source, compression, signal);
  else yield* throughProgram(source, compression, signal);
}

async function* throughZlib(
  source: AsyncIterable<Uint8Array>,
  compression: 'gzip' | 'zstd',
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const unpacker = compression === 'gzip' ? createGunzip({ chunkSize }) : createZstdDecompress({ chunkSize });
  const input = Readable.from(source, { objectMode: false, ...(signal === undefined ? {} : { signal }) });
  let sourceError: unknown;
  input.on('error', (error) => {
    sourceError = error;
    unpacker.destroy(error);
  });
  input.pipe(unpacker);
  try {
    yield* unpacker as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (sourceError !== undefined) throw sourceError;
    throw new InvalidImageError(`damaged or truncated ${compression} stream`, { cause: error });
  } finally {
    input.destroy();
    unpacker.destroy();
  }
}

const programs = {
  xz: { arguments: ['--decompress', '--stdout', '--memlimit-decompress=512MiB'], packageName: 'xz-utils' },
  bzip2: { arguments: ['--decompress', '--stdout'], packageName: 'bzip2' },
} as const;

async function* throughProgram(
  source: AsyncIterable<Uint8Array>,
  program: 'xz' | 'bzip2',
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { arguments: words, packageName } = programs[program];
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  closed.catch(() => {});
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(0, 1000)));
  const input = Readable.from(source, { objectMode: false, ...(signal === undefined ? {} : { signal }) });
  let sourceError: unknown;
  input.on('error', (error) => {
    sourceError = error;
    child.kill('SIGKILL');
  });
  // The program may end before it has read everything; its exit code says why.
  child.stdin.on('error', () => {});
  input.pipe(child.stdin);
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
    const code = await exitCode(closed, program, packageName);
    if (sourceError !== undefined) throw sourceError;
    if (code !== 0) {
      throw new InvalidImageError(`damaged or truncated ${program} stream: ${complaint.trim()}`);
    }
  } finally {
    input.destroy();
    child.kill('SIGKILL');
    await closed.catch(() => {});
  }
}

async function exitCode(
  closed: Promise<[number | null]>,
  program: string,
  packageName: string,
): Promise<number | null> {
  try {
    const [code] = await closed;
    return code;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new ProgramMissingError(program, packageName, `a ${program} archive`);
  }
}
