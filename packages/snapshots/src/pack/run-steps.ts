import { setImmediate } from 'node:timers/promises';
import { type PackStep, packLargeFile } from './pack-content.ts';

const batchBytes = 256 * 1024;
/** How long the event loop may be kept from its other work. */
const maxSliceMs = 2;

/** Runs synchronous steps in short slices and joins their small chunks; large files are read on pool threads between them. */
export async function* runSteps(steps: Iterable<PackStep>): AsyncGenerator<Uint8Array, void, void> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let started = performance.now();
  for (const step of steps) {
    if (step instanceof Uint8Array) {
      parts.push(step);
      length += step.length;
      if (performance.now() - started > maxSliceMs) {
        await setImmediate();
        started = performance.now();
      }
      if (length < batchBytes) continue;
    }
    if (length > 0) yield Buffer.concat(parts, length);
    [parts, length] = [[], 0];
    if (!(step instanceof Uint8Array)) yield* packLargeFile(step);
    started = performance.now();
  }
  if (length > 0) yield Buffer.concat(parts, length);
}
