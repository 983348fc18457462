import { posix } from 'node:path';
import { faultPoint } from '@gantry/base';
import type { PathPatterns } from '@gantry/dockerfile';
import { decompress, sniffStream } from '@gantry/images';
import { encodeTarHeader, tarEnd, tarPadding } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { InvalidBuildError } from '../errors.ts';
import { archivedFiles } from '../sources/archived-files.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import { spoolArchive } from '../sources/spool-archive.ts';
import { beginsTar, peekStream } from './peek-stream.ts';
import type { SourceRequest } from './source-request.ts';

/** A Dockerfile, or a file of patterns, that is larger is none. */
export const maxDockerfileBytes: number = 16 * 1024 ** 2;

/**
 * Takes a context in: a tar, plain or compressed (gzip, bzip2, xz, zstd), of which nothing can lead out. What is no tar is a
 * Dockerfile, and all that the context has. Throws `InvalidBuildError`, `CorruptTarError`, and what storing throws.
 */
export async function receiveContext(
  environment: Pick<BuilderEnvironment, 'ports' | 'workDirectory'>,
  archive: AsyncIterable<Uint8Array>,
  { keep, opened, signal }: Pick<SourceRequest, 'keep' | 'opened' | 'signal'>,
): Promise<SourceFiles> {
  const { compression, stream } = await sniffStream(archive);
  const unpacked = await peekStream(decompress(stream, compression, signal), 512);
  const tar = beginsTar(unpacked.head) ? unpacked.stream : loneDockerfile(unpacked.stream);
  const directory = environment.workDirectory;
  const { archive: spooled, index } = await spoolArchive(tar, { directory, opened, signal });
  faultPoint('build/context-stored');
  return archivedFiles(environment, { archives: [spooled], index }, { keep, signal });
}

/** A file of a context, links within it followed; undefined when nothing is there. Throws `InvalidBuildError`. */
export async function readContextFile(files: SourceFiles, path: string): Promise<Uint8Array | undefined> {
  await using opened = await files.open();
  const { tree } = opened;
  const at = tree.resolve(path);
  const stat = tree.stat(at);
  if (stat === undefined) return undefined;
  const refuse = (reason: string): never => {
    throw new InvalidBuildError(`failed to parse Dockerfile: cannot read ${path}: ${reason}`);
  };
  if (stat.kind !== 'file') return refuse(`${posix.join('/', path)} is not a regular file`);
  if (stat.sizeBytes > maxDockerfileBytes) return refuse(`larger than ${maxDockerfileBytes} bytes`);
  return Buffer.concat(await Array.fromAsync(tree.read(at)));
}

/**
 * The Dockerfile and `.dockerignore` where the latter names them: clients send them all the same, for the engine to read, and no COPY
 * may see them.
 */
export function hiddenFiles(ignored: PathPatterns | undefined, dockerfile: string): ReadonlySet<string> {
  return new Set([dockerfile, '.dockerignore'].filter((file) => ignored?.matches(file) === true));
}

/** A tar with a Dockerfile and nothing else. */
async function* loneDockerfile(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxDockerfileBytes)
      throw new InvalidBuildError(
        `a context is a tar archive or a Dockerfile of at most ${maxDockerfileBytes} bytes`,
      );
    chunks.push(chunk);
  }
  const name = Buffer.from('Dockerfile');
  yield encodeTarHeader({ type: 'file', name, mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, sizeBytes });
  yield* chunks;
  yield tarPadding(sizeBytes);
  yield tarEnd;
}
