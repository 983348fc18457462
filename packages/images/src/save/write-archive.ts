import type { BlobStore } from '@gantry/content';
import { encodeTarHeader, tarEnd, tarPadding } from '@gantry/oci';
import { ImageContentMissingError } from '../errors.ts';
import { blobPath } from '../load/spool-archive.ts';
import type { ArchivePlan } from './plan-archive.ts';

/**
 * The archive's bytes: always the same for the same plan (members in order of name, no times, no owners). Its blobs are
 * leased while it is read. Throws `ImageContentMissingError` before the first byte when one has gone since it was planned.
 */
export async function* writeArchive(
  content: BlobStore,
  plan: ArchivePlan,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  using lease = content.lease();
  for (const { digest } of plan.blobs) {
    lease.hold(digest);
    if ((await content.stat(digest)) === undefined) throw new ImageContentMissingError(digest, 'image');
  }
  yield encodeTarHeader({ type: 'directory', name: Buffer.from('blobs/') });
  yield encodeTarHeader({ type: 'directory', name: Buffer.from('blobs/sha256/') });
  for (const { digest, size } of plan.blobs) {
    yield encodeTarHeader({ type: 'file', name: Buffer.from(blobPath(digest)), sizeBytes: size });
    for await (const chunk of content.read(digest)) {
      signal?.throwIfAborted();
      yield chunk;
    }
    yield tarPadding(size);
  }
  for (const [name, text] of plan.documents) {
    const bytes = Buffer.from(text);
    yield encodeTarHeader({ type: 'file', name: Buffer.from(name), sizeBytes: bytes.length });
    yield bytes;
    yield tarPadding(bytes.length);
  }
  yield tarEnd;
}
