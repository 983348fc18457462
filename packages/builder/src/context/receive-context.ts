import { posix } from 'node:path';
import { faultPoint } from '@gantry/base';
import type { PathPatterns } from '@gantry/dockerfile';
import { decompress, sniffStream } from '@gantry/images';
import { FileTooLargeError, NotRegularFileError, readFileIn } from '@gantry/kernel';
import { type Digest, encodeTarHeader, readTar, tarEnd, tarPadding, tarStoredBytes } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { InvalidBuildError } from '../errors.ts';
import { mountLayers } from '../steps/layered-tree.ts';
import type { Keep } from '../steps/layers.ts';
import { refuseMark } from '../transfer/add-archive.ts';
import { beginsTar, peekStream } from './peek-stream.ts';

/** A Dockerfile, or a file of patterns, that is larger is none. */
export const maxDockerfileBytes: number = 16 * 1024 ** 2;

/**
 * Takes a context in: a tar, plain or compressed (gzip, bzip2, xz, zstd), becomes a layer, so that nothing in it can lead out. What is
 * no tar is a Dockerfile, and all that the context has. Throws `InvalidBuildError`, `CorruptTarError`, and what unpacking throws.
 */
export async function receiveContext(
  { ports }: Pick<BuilderEnvironment, 'ports'>,
  archive: AsyncIterable<Uint8Array>,
  { keep, signal }: { keep: Keep; signal: AbortSignal },
): Promise<Digest> {
  const { compression, stream } = await sniffStream(archive);
  const unpacked = await peekStream(decompress(stream, compression, signal), 512);
  const members = beginsTar(unpacked.head) ? normalise(unpacked.stream) : loneDockerfile(unpacked.stream);
  const { digest: diffId } = await ports.content.ingest(members, { lease: keep.lease, signal });
  keep.keepLayer(diffId);
  const blobPath = ports.content.path(diffId);
  faultPoint('build/context-stored');
  await ports.snapshots.unpackLayer({ diffId, blobPath, compression: 'none', signal });
  faultPoint('build/context-unpacked');
  return diffId;
}

/** A file of a context, links within it followed; undefined when nothing is there. Throws `InvalidBuildError`. */
export async function readContextFile(
  environment: Pick<BuilderEnvironment, 'ports' | 'steps'>,
  layers: readonly Digest[],
  path: string,
): Promise<Uint8Array | undefined> {
  try {
    await using tree = await mountLayers(environment, layers);
    return readFileIn(tree.root, posix.join('/', path), maxDockerfileBytes);
  } catch (error) {
    if (error instanceof FileTooLargeError || error instanceof NotRegularFileError)
      throw new InvalidBuildError(`failed to parse Dockerfile: cannot read ${path}: ${error.message}`);
    throw error;
  }
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

/** Names without `./`, `..` or a slash in front, as layers have them. */
async function* normalise(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  for await (const { entry, content } of readTar(source)) {
    const name = inside(entry.name);
    if (name.length === 0) continue;
    const linkName = entry.type === 'hard-link' ? inside(entry.linkName) : entry.linkName;
    refuseMark(posix.basename(Buffer.from(name).toString('latin1')));
    yield encodeTarHeader({ ...entry, name, linkName });
    yield* content;
    yield tarPadding(tarStoredBytes(entry));
  }
  yield tarEnd;
}

function inside(name: Uint8Array): Uint8Array {
  const path = posix.join('/', Buffer.from(name).toString('latin1')).slice(1);
  return Buffer.from(path.replace(/\/$/, ''), 'latin1');
}
