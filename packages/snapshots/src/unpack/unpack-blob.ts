import { createHash } from 'node:crypto';
import { Descriptor, Directory, fileSystemOf, openFlags, openPath } from '@gantry/kernel';
import { type Digest, TarParser } from '@gantry/oci';
import { LayerMismatchError, LayerTooLargeError, StorageFullError } from '../errors.ts';
import { blobSource } from './blob-source.ts';
import { decompress } from './decompress.ts';
import { LayerWriter, type WrittenLayer } from './layer-writer.ts';
import { fromFailure, toFailure } from './unpack-failure.ts';
import { jobName, type UnpackJob } from './unpack-job.ts';

export interface UnpackHooks {
  /** Compressed bytes read so far. */
  onProgress: (consumedBytes: number) => void;
  /** Throws an AbortError when the job shall end. */
  throwIfCancelled: () => void;
  /** Of a blob that is still being written: as `BlobSourceOptions.readable`. Throws an AbortError when the job shall end. */
  readable?: (consumedBytes: number) => Promise<number>;
}

/** How much is written between two looks at the free space. */
const spaceCheckBytes = 64 * 1024 * 1024;

/**
 * Unpacks a blob into the job's directory, hashing on the way; nothing is synced. Synchronous but for the decoder: for a
 * thread of its own. Throws the errors of `Snapshotter.unpackLayer`, or AbortError; the directory's content is of no use then.
 */
export async function unpackBlob(job: UnpackJob, hooks: UnpackHooks): Promise<WrittenLayer> {
  using root = Directory.openPath(job.directory);
  using writer = new LayerWriter(root, { digest: jobName(job), maxEntries: job.maxEntries });
  try {
    const diffId = await readBlob(job, hooks, writer);
    return { ...writer.finish(), diffId };
  } catch (error) {
    throw fromFailure(toFailure(error, jobName(job), writer.currentName || undefined));
  }
}

/** Returns the digest of the uncompressed bytes. */
async function readBlob(job: UnpackJob, hooks: UnpackHooks, writer: LayerWriter): Promise<Digest> {
  using blob = new Descriptor(openPath(job.blobPath, openFlags.readOnly));
  const source = blobSource(blob.fd, { onRead: hooks.onProgress, readable: hooks.readable });
  const hash = createHash('sha256');
  const parser = new TarParser(writer);
  let [unpackedBytes, nextSpaceCheck] = [0, 0];
  for await (const chunk of decompress(source, job.compression)) {
    hooks.throwIfCancelled();
    unpackedBytes += chunk.length;
    if (unpackedBytes > job.maxBytes) {
      throw new LayerTooLargeError({ digest: jobName(job), reason: `more than ${job.maxBytes} bytes` });
    }
    if (unpackedBytes > nextSpaceCheck) {
      checkSpace(job);
      nextSpaceCheck = unpackedBytes + spaceCheckBytes;
    }
    hash.update(chunk);
    parser.write(chunk);
  }
  // A stream that was given up ends too.
  hooks.throwIfCancelled();
  parser.finish();
  const digest: Digest = `sha256:${hash.digest('hex')}`;
  if (job.diffId !== undefined && digest !== job.diffId) {
    throw new LayerMismatchError({ digest: job.diffId, reason: `its content has the digest ${digest}` });
  }
  return digest;
}

/** A full disk stops everything on the host: end before it. One hundredth, at most 64 MB, stays free. */
function checkSpace(job: UnpackJob): void {
  const { availableBytes, sizeBytes } = fileSystemOf(job.directory);
  const reserveBytes = Math.min(sizeBytes / 100, spaceCheckBytes);
  if (availableBytes >= reserveBytes) return;
  const reason = `${availableBytes} bytes are left, ${Math.round(reserveBytes)} are kept free`;
  throw new StorageFullError({ digest: jobName(job), reason });
}
