import type { Extent } from '@gantry/kernel';
import { type TarSegment, tarStoredBytes } from '@gantry/oci';
import type { PackedContent } from './packed-content.ts';

/** A block of zeros, at a multiple of its length, is a hole. */
const holeBlockBytes = 64 * 1024;
/** Less than this is not worth an archive format that fewer programs know. */
export const minHoleBytes: number = 1024 * 1024;
const readBytes = 8 * holeBlockBytes;
const zeroBlock: Buffer = Buffer.alloc(holeBlockBytes);

/**
 * Runs of blocks that hold anything but zeros, whether the file system stores the zeros or not; undefined when there are
 * too few of them to tell.
 */
export async function findSegments(
  file: PackedContent,
  sizeBytes: number,
): Promise<TarSegment[] | undefined> {
  const segments: TarSegment[] = [];
  for (const extent of file.extents(sizeBytes)) await addBlocks(segments, file, extent, sizeBytes);
  const holeBytes = sizeBytes - tarStoredBytes({ sizeBytes, segments });
  return holeBytes < minHoleBytes ? undefined : segments;
}

async function addBlocks(
  segments: TarSegment[],
  file: PackedContent,
  extent: Extent,
  sizeBytes: number,
): Promise<void> {
  const start = extent.start - (extent.start % holeBlockBytes);
  const previous = segments.at(-1);
  let at = previous === undefined ? start : Math.max(start, previous.offset + previous.lengthBytes);
  while (at < extent.end) {
    const chunk = await file.read(at, Math.min(readBytes, sizeBytes - at));
    if (chunk.length === 0) return;
    for (let offset = 0; offset < chunk.length && at + offset < extent.end; offset += holeBlockBytes) {
      const block = chunk.subarray(offset, offset + holeBlockBytes);
      if (!isZero(block)) addBlock(segments, at + offset, block.length);
    }
    at += readBytes;
  }
}

function addBlock(segments: TarSegment[], offset: number, lengthBytes: number): void {
  const last = segments.at(-1);
  if (last !== undefined && last.offset + last.lengthBytes === offset) last.lengthBytes += lengthBytes;
  else segments.push({ offset, lengthBytes });
}

function isZero(block: Uint8Array): boolean {
  return zeroBlock.compare(block, 0, block.length, 0, block.length) === 0;
}
