import type { Writable } from 'node:stream';

/** Resolves when `target` takes more, or never will again. */
export function drained(target: Writable): Promise<void> {
  if (!target.writableNeedDrain || target.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = (): void => {
      target.off('drain', settle);
      target.off('close', settle);
      target.off('error', settle);
      resolve();
    };
    target.on('drain', settle);
    target.on('close', settle);
    target.on('error', settle);
  });
}

/** Writes chunks as the target takes them; stops early when it is closed. Throws what `chunks` throws. */
export async function writeChunks(target: Writable, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    if (target.destroyed) return;
    if (!target.write(chunk)) await drained(target);
  }
}
