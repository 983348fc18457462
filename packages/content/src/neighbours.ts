import { link, lstat, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from '@gantry/kernel';
import { type Digest, digestHex } from '@gantry/oci';
import type { BlobInfo } from './blob-store.ts';
import { readChunks } from './file-chunks.ts';
import { BlobVerifier } from './verified-source.ts';

/** Why a name cannot be linked that another directory may well have: not there, another file system, too many names, not allowed. */
const unusable = ['ENOENT', 'ENOTDIR', 'EXDEV', 'EMLINK', 'EPERM', 'EACCES', 'ENOSYS', 'EOPNOTSUPP'] as const;

/**
 * Makes `target` a further name of the file that a neighbouring store (a directory laid out as ours) has under the digest, and
 * reads all of it: what is not what its name says is left alone. Undefined, and no `target`, where no neighbour has it.
 */
export async function linkFromNeighbours(
  neighbours: readonly string[],
  digest: Digest,
  target: string,
): Promise<BlobInfo | undefined> {
  for (const directory of neighbours) {
    try {
      await link(path.join(directory, 'blobs', 'sha256', digestHex(digest)), target);
      const info = await verified(target, digest);
      if (info !== undefined) return info;
    } catch (error) {
      if (!isErrno(error, ...unusable)) throw error;
    }
    await rm(target, { force: true });
  }
  return undefined;
}

async function verified(file: string, digest: Digest): Promise<BlobInfo | undefined> {
  // A link is made to a symbolic link itself (link(2)), which would lead anywhere.
  if (!(await lstat(file)).isFile()) return undefined;
  await using handle = await open(file, 'r');
  const verifier = new BlobVerifier({});
  for await (const chunk of readChunks(handle, 0)) verifier.update(chunk);
  const info = verifier.finish();
  return info.digest === digest ? info : undefined;
}
