import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from '@gantry/kernel';
import { parseDigest } from '@gantry/oci';
import type { ListedLayer } from '../snapshotter.ts';
import { readSnapshotRecord } from '../writable/snapshot-record.ts';

/** The layers below a snapshotter's root, with no snapshotter open on it. Reads, and changes nothing. */
export async function storedLayers(root: string): Promise<Pick<ListedLayer, 'diffId' | 'isUsed'>[]> {
  const used = new Set<string>();
  for (const name of await namesIn(path.join(root, 'writable'))) {
    const record = await readSnapshotRecord(path.join(root, 'writable', name, 'snapshot.json'));
    if (!('fault' in record)) for (const diffId of record.layers) used.add(diffId);
  }
  return (await namesIn(path.join(root, 'layers')))
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .map((name) => parseDigest(`sha256:${name}`))
    .map((diffId) => ({ diffId, isUsed: used.has(diffId) }));
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
