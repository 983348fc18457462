import { readSync } from 'node:fs';
import { type InstalledPackage, packageUrl } from './package.ts';

/** What a section of build information has at most: the list of all modules of a program. */
const maxInfoBytes = 4 * 1024 ** 2;
const maxSections = 1000;
const infoHeaderBytes = 32;
const infoMagic = Buffer.from('\xff Go buildinf:', 'latin1');
/** Strings follow the header, each with its length (Go 1.18 and later). */
const inlineStrings = 2;
/** Bytes in front of the modules and behind them, by which debuggers find them. */
const markBytes = 16;

/**
 * The modules that a Go program was made of, its standard library too (debug/buildinfo of Go, elf(5)). Empty for a file that is no such
 * program, or one of Go before 1.18.
 */
export function goModules(fd: number, foundIn: string): InstalledPackage[] {
  const info = buildInfo(fd);
  if (info === undefined) return [];
  const version = sizedString(info, infoHeaderBytes);
  const modules = sizedString(info, version.end);
  const text = modules.bytes.subarray(markBytes, -markBytes).toString();
  const toolchain = /^go([\d.]+\S*)/.exec(version.bytes.toString())?.[1];
  return [
    ...(toolchain === undefined ? [] : [packageOf('stdlib', toolchain, foundIn)]),
    ...modulesOf(text).map(([name, of]) => packageOf(name, of, foundIn)),
  ];
}

/** Lines of `mod`, `dep` and, for what stands in the place of the one before, `=>`. */
function modulesOf(text: string): (readonly [name: string, version: string])[] {
  const found: (readonly [string, string])[] = [];
  for (const line of text.split('\n')) {
    const [kind, name = '', version = ''] = line.split('\t');
    if (kind === '=>') found.pop();
    if ((kind === 'mod' || kind === 'dep' || kind === '=>') && name !== '') found.push([name, version]);
  }
  return found;
}

function packageOf(name: string, version: string, foundIn: string): InstalledPackage {
  const slash = name.lastIndexOf('/');
  const [namespace, bare] = slash < 0 ? ['', name] : [name.slice(0, slash), name.slice(slash + 1)];
  const url = packageUrl({ type: 'golang', namespace, name: bare, version });
  return { name, version, url, foundIn, license: '' };
}

/** The section `.go.buildinfo` of a 64-bit ELF program. */
function buildInfo(fd: number): Buffer | undefined {
  const head = read(fd, 64, 0);
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1)
    return undefined;
  const [entryBytes, count, namesAt] = [head.readUInt16LE(58), head.readUInt16LE(60), head.readUInt16LE(62)];
  if (entryBytes !== 64 || count > maxSections || namesAt >= count) return undefined;
  const table = read(fd, count * 64, position(head, 40));
  if (table.length < count * 64) return undefined;
  const sections = Array.from({ length: count }, (_, index) => {
    const entry = table.subarray(index * 64, index * 64 + 64);
    return { name: entry.readUInt32LE(0), offset: position(entry, 24), sizeBytes: position(entry, 32) };
  });
  const names = sections[namesAt];
  if (names === undefined || names.sizeBytes > maxInfoBytes) return undefined;
  const strings = read(fd, names.sizeBytes, names.offset);
  const nameOf = (at: number): string =>
    strings.subarray(at, Math.max(at, strings.indexOf(0, at))).toString();
  const found = sections.find(({ name }) => nameOf(name) === '.go.buildinfo');
  if (found === undefined || found.sizeBytes > maxInfoBytes) return undefined;
  const info = read(fd, found.sizeBytes, found.offset);
  const isKnown = info.length > infoHeaderBytes && info.subarray(0, infoMagic.length).equals(infoMagic);
  return isKnown && ((info[15] ?? 0) & inlineStrings) !== 0 ? info : undefined;
}

/** -1, at which nothing is read, for a number that no file has. */
function position(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : -1;
}

function read(fd: number, length: number, at: number): Buffer {
  if (at < 0 || length < 0) return Buffer.alloc(0);
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
}

/** A length in groups of seven bits, the lowest first, and as many bytes. */
function sizedString(info: Buffer, at: number): { bytes: Buffer; end: number } {
  let [length, scale, next] = [0, 1, at];
  for (let byte = 0x80; byte >= 0x80 && next < info.length && scale <= 2 ** 28; scale *= 128) {
    byte = info[next++] ?? 0;
    length += (byte & 0x7f) * scale;
  }
  return { bytes: info.subarray(next, next + length), end: next + length };
}
