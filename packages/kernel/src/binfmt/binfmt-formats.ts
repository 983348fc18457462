import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '../ffi/errno.ts';

/** A kind of program that the kernel starts by another program (Documentation/admin-guide/binfmt-misc.rst). */
export interface BinaryFormat {
  readonly name: string;
  /** Path of the program that starts it. */
  readonly interpreter: string;
  /** The interpreter was opened when it was registered: it is the same in every root file system (flag `F`). */
  readonly isFixed: boolean;
  /** Where in a program the bytes of `magic` are; only bits of `mask` count. */
  readonly offset: number;
  readonly magic: Uint8Array;
  readonly mask: Uint8Array;
}

const usualDirectory = '/proc/sys/fs/binfmt_misc';

/** Formats that are registered and enabled, those by magic number; none where the file system is not mounted. */
export function binaryFormats(directory: string = usualDirectory): BinaryFormat[] {
  return namesIn(directory)
    .filter((name) => name !== 'register' && name !== 'status')
    .flatMap((name) => {
      const text = readIfThere(path.join(directory, name));
      const format = text === undefined ? undefined : parseFormat(name, text);
      return format === undefined ? [] : [format];
    });
}

/** Whether a format takes a program that begins with these bytes. */
export function takesProgram({ offset, magic, mask }: BinaryFormat, start: Uint8Array): boolean {
  return magic.every((byte, at) => {
    const bits = mask[at] ?? 0xff;
    return ((start[offset + at] ?? 0) & bits) === (byte & bits);
  });
}

function parseFormat(name: string, text: string): BinaryFormat | undefined {
  const field = (key: string): string => new RegExp(`^${key}:? +(.*)$`, 'm').exec(text)?.[1] ?? '';
  const magic = Buffer.from(field('magic'), 'hex');
  if (!/^enabled$/m.test(text) || magic.length === 0) return undefined;
  const mask = field('mask');
  return {
    name,
    interpreter: field('interpreter'),
    isFixed: field('flags').includes('F'),
    offset: Number(field('offset')),
    magic,
    mask: mask === '' ? Buffer.alloc(magic.length, 0xff) : Buffer.from(mask, 'hex'),
  };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** A format may be unregistered meanwhile. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
