import { readFile } from 'node:fs/promises';
import { errorMessage } from '@gantry/base';
import { type IdMaps, isErrno } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import type { DiskUsage } from '../snapshotter.ts';

/** `snapshot.json`, written last: a folder without it was never finished. */
export interface SnapshotRecord {
  version: 1;
  id: string;
  /** Base first. */
  layers: Digest[];
  volatile: boolean;
  /** Most bytes that may be written above the layers. The folder's project has the limit; this says what it is to be. */
  sizeBytes?: number;
  /** Whose ids the files have that are written above the layers; the host's when missing. */
  idMaps?: IdMaps;
  /** The boot in which a volatile snapshot was made; it is worth nothing in another one. */
  bootId?: string;
  /** What the snapshot held before anything was written, where the layers were copied into it. */
  base?: DiskUsage;
}

/** The record, or what is wrong with it. */
export async function readSnapshotRecord(file: string): Promise<SnapshotRecord | { fault: string }> {
  try {
    const record = JSON.parse(await readFile(file, 'utf8')) as Partial<SnapshotRecord>;
    const isWhole =
      record.version === 1 &&
      typeof record.id === 'string' &&
      Array.isArray(record.layers) &&
      typeof record.volatile === 'boolean';
    return isWhole ? (record as SnapshotRecord) : { fault: 'not a snapshot record of version 1' };
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT', 'ENOTDIR')) {
      return { fault: errorMessage(error) };
    }
    throw error;
  }
}
