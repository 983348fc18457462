import { read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Extent } from '@gantry/kernel';
import type { TarSegment } from '@gantry/oci';
import type { PackedContent } from '@gantry/snapshots';
import type { ArchivedFile } from './archive-index.ts';

const readAsync = promisify(read);

/** A run of a file's bytes, and where the archive has them. */
interface StoredRun {
  /** In the file. */
  readonly start: number;
  readonly end: number;
  /** In the archive. */
  readonly position: number;
}

/** The bytes of a file within an archive, with its holes. */
export class ArchivedContent implements PackedContent {
  readonly #fd: number;
  readonly #sizeBytes: number;
  readonly #runs: readonly StoredRun[];

  constructor({ content, stat }: Pick<ArchivedFile, 'content' | 'stat'>) {
    this.#fd = content?.fd ?? -1;
    this.#sizeBytes = stat.sizeBytes;
    const whole = [{ offset: 0, lengthBytes: stat.sizeBytes }];
    this.#runs = content === undefined ? [] : storedRuns(content.segments ?? whole, content.offset);
  }

  readSync(into: Uint8Array): number {
    into.fill(0);
    const length = Math.min(into.length, this.#sizeBytes);
    for (const { start, end, position } of within(this.#runs, 0, length))
      if (readSync(this.#fd, into, start, end - start, position) < end - start) return start;
    return length;
  }

  async read(offset: number, lengthBytes: number): Promise<Buffer> {
    const chunk = Buffer.alloc(Math.max(0, Math.min(lengthBytes, this.#sizeBytes - offset)));
    for (const { start, end, position } of within(this.#runs, offset, offset + chunk.length)) {
      const { bytesRead } = await readAsync(this.#fd, chunk, start - offset, end - start, position);
      if (bytesRead < end - start) return chunk.subarray(0, start - offset + bytesRead);
    }
    return chunk;
  }

  extents(): Iterable<Extent> {
    return this.#runs;
  }

  /** The archive stays open: it is others'. */
  [Symbol.dispose](): void {}
}

function storedRuns(segments: readonly TarSegment[], offset: number): StoredRun[] {
  let position = offset;
  return segments.map((segment) => {
    const run = { start: segment.offset, end: segment.offset + segment.lengthBytes, position };
    position += segment.lengthBytes;
    return run;
  });
}

/** What of the runs lies between two places of the file. */
function within(runs: readonly StoredRun[], from: number, to: number): StoredRun[] {
  return runs
    .filter(({ start, end }) => start < to && end > from)
    .map(({ start, end, position }) => {
      const first = Math.max(start, from);
      return { start: first, end: Math.min(end, to), position: position + first - start };
    });
}
