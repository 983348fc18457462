import type { BlockIoEntry } from './cgroup-usage.ts';

/** Lines of `name number`. */
export function parsePairs(text: string): Record<string, number> {
  const pairs: Record<string, number> = {};
  let from = 0;
  while (from < text.length) {
    const end = text.indexOf('\n', from);
    const line = text.slice(from, end < 0 ? undefined : end);
    const blank = line.indexOf(' ');
    if (blank > 0) pairs[line.slice(0, blank)] = Number(line.slice(blank + 1));
    if (end < 0) break;
    from = end + 1;
  }
  return pairs;
}

/** A file of one number; 0 when it is missing. */
export function parseCount(text: string): number {
  return text === '' ? 0 : Number(text);
}

/** A file of one number or `max`; undefined for no limit. */
export function parseLimit(text: string): number | undefined {
  const word = text.trim();
  return word === '' || word === 'max' ? undefined : Number(word);
}

/** v1: lines of `major:minor Operation number`, and a total of all devices, which is left out. */
export function parseV1BlockIo(text: string): BlockIoEntry[] {
  const entries: BlockIoEntry[] = [];
  for (const [, major, minor, op = '', value] of text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)) {
    entries.push({ major: Number(major), minor: Number(minor), op, value: Number(value) });
  }
  return entries;
}

/** v2 `io.stat`: a line a device, `major:minor rbytes=1 wbytes=2 …`. */
export function parseV2BlockIo(text: string): BlockIoEntry[] {
  const entries: BlockIoEntry[] = [];
  for (const line of text.split('\n')) {
    const device = /^(\d+):(\d+) /.exec(line);
    if (device === null) continue;
    const [major, minor] = [Number(device[1]), Number(device[2])];
    for (const [key, op] of [
      ['rbytes', 'read'],
      ['wbytes', 'write'],
    ] as const) {
      const value = new RegExp(` ${key}=(\\d+)`).exec(line)?.[1];
      if (value !== undefined) entries.push({ major, minor, op, value: Number(value) });
    }
  }
  return entries;
}
