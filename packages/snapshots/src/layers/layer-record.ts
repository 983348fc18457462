import { readFile } from 'node:fs/promises';
import { errorMessage } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';

/** `layer.json`, beside the unpacked layer. */
export interface LayerRecord {
  version: 1;
  diffId: Digest;
  sizeBytes: number;
  entries: number;
  /** The layer says what the root's owner and mode are. */
  hasRoot: boolean;
  /** The boot that unpacked it, until its content is on its medium: in another boot nothing is known of the content. */
  bootId?: string;
}

/** The record, or what is wrong with it: missing, damaged or newer. */
export async function readLayerRecord(file: string): Promise<LayerRecord | { fault: string }> {
  try {
    const record = JSON.parse(await readFile(file, 'utf8')) as Partial<LayerRecord>;
    const isWhole =
      record.version === 1 &&
      typeof record.diffId === 'string' &&
      Number.isSafeInteger(record.sizeBytes) &&
      Number.isSafeInteger(record.entries) &&
      typeof record.hasRoot === 'boolean';
    return isWhole ? (record as LayerRecord) : { fault: 'not a layer record of version 1' };
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return { fault: errorMessage(error) };
    throw error;
  }
}
