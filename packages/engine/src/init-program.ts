import { closeSync, openSync, readSync } from 'node:fs';
import type { InitProgram } from '@gantry/containers';
import { findProgram } from './find-program.ts';

/** Of the init programs that distributions package, in order of preference. */
const names = ['catatonit', 'tini-static', 'docker-init', 'tini'];

/**
 * The first of the init programs in `searchPath` that runs in any container, or `configured`, which must. One that needs a
 * dynamic linker does not: a container has its own libraries, or none.
 */
export function findInitProgram(searchPath: string, configured: string | undefined): InitProgram {
  if (configured !== undefined) return checked(configured);
  const found = names.map((name) => findProgram(name, searchPath)).filter((path) => path !== undefined);
  const candidates = found.map(checked);
  const advice = 'install catatonit or tini-static';
  const usable = candidates.find((candidate) => 'path' in candidate);
  if (usable !== undefined) return usable;
  const [first] = candidates;
  if (first === undefined || 'path' in first) return { problem: `no init program was found: ${advice}` };
  return { problem: `${first.problem}: ${advice}` };
}

function checked(path: string): InitProgram {
  const isDynamic = needsInterpreter(path);
  if (isDynamic === undefined) return { problem: `${path} is no program that can be run` };
  return isDynamic
    ? { problem: `${path} is linked dynamically, and containers need not have its libraries` }
    : { path };
}

/** Whether an ELF file names an interpreter (elf(5): PT_INTERP); undefined for what is no ELF file of this byte order. */
function needsInterpreter(path: string): boolean | undefined {
  const head = readHead(path);
  if (head === undefined || head.length < 64 || head.readUInt32BE(0) !== elfMagic) return undefined;
  const wide = head[4] === 2;
  const table = wide ? Number(head.readBigUInt64LE(32)) : head.readUInt32LE(28);
  const [entryBytes, entries] = [head.readUInt16LE(wide ? 54 : 42), head.readUInt16LE(wide ? 56 : 44)];
  for (let index = 0; index < entries; index += 1) {
    const at = table + index * entryBytes;
    if (at + 4 > head.length) return undefined;
    if (head.readUInt32LE(at) === interpreterSegment) return true;
  }
  return false;
}

const elfMagic = 0x7f454c46;
const interpreterSegment = 3;
/** The program headers come right behind the file's header. */
const headBytes = 4096;

function readHead(path: string): Buffer | undefined {
  try {
    const fd = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(headBytes);
      return buffer.subarray(0, readSync(fd, buffer, 0, headBytes, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
