import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Script } from 'node:vm';

/** A chunk of the bundle that was loaded. */
export interface WarmChunk<Exports> {
  readonly exports: Exports;
  /** Keeps what was compiled by now for the next processes. The first few do: not all do the same. Never throws. */
  readonly keep: () => void;
}

/**
 * Loads a chunk of the bundle together with the functions that an earlier process had used of it. Node's own compile cache
 * has what is compiled when a file is loaded; what is called later is compiled again by every process, which is 4 ms of a
 * `gantry run`. Here the code is kept after the work is done, in a file `name` of the first of `directories` that can
 * be written. It is taken only for the very file it was made of, and V8 refuses what another version of it made.
 */
export function loadWarmChunk<Exports>(
  chunk: string,
  { name, directories }: { name: string; directories: readonly string[] },
): WarmChunk<Exports> {
  const { source, stamp } = readChunk(chunk);
  const kept = directories.map((directory) => readKept(path.join(directory, name), stamp)).find(Boolean);
  const script = new Script(`(function(exports,require,module,__filename,__dirname){${source}\n})`, {
    filename: chunk,
    ...(kept && { cachedData: kept.code }),
  });
  const module = { exports: {} as Exports };
  script.runInThisContext()(module.exports, createRequire(chunk), module, chunk, path.dirname(chunk));
  const rounds = kept === undefined || script.cachedDataRejected === true ? 0 : kept.rounds;
  return {
    exports: module.exports,
    keep: () => {
      if (rounds >= mostRounds) return;
      const content = Buffer.concat([stamp, script.createCachedData()]);
      content[roundAt] = rounds + 1;
      directories.some((directory) => writeKept(directory, name, content));
    },
  };
}

/** In front of the code: which file it was made of. A multiple of eight, for V8 wants its part aligned. */
const stampBytes = 64;
/** How many processes have kept what they compiled: a byte after the stamp's facts. */
const roundAt = 32;
const mostRounds = 4;

function readChunk(chunk: string): { source: string; stamp: Buffer } {
  const descriptor = openSync(chunk, 'r');
  try {
    const { dev, ino, size, ctimeNs } = fstatSync(descriptor, { bigint: true });
    const stamp = Buffer.alloc(stampBytes);
    for (const [index, fact] of [dev, ino, size, ctimeNs].entries()) stamp.writeBigUInt64LE(fact, index * 8);
    // It is ASCII, which is read sooner so.
    return { source: readFileSync(descriptor, 'latin1'), stamp };
  } finally {
    closeSync(descriptor);
  }
}

function readKept(file: string, stamp: Buffer): { code: Buffer; rounds: number } | undefined {
  try {
    const content = readFileSync(file);
    if (!content.subarray(0, roundAt).equals(stamp.subarray(0, roundAt))) return undefined;
    return { code: content.subarray(stampBytes), rounds: content[roundAt] ?? 0 };
  } catch {
    return undefined;
  }
}

function writeKept(directory: string, name: string, content: Buffer): boolean {
  const file = path.join(directory, name);
  const fresh = `${file}.${process.pid}`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(fresh, content, { mode: 0o600 });
    renameSync(fresh, file);
    return true;
  } catch {
    return false;
  }
}
