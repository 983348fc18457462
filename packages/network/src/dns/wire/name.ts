import { headerBytes } from './registry.ts';

/** RFC 1035 section 3.1: a name takes 255 bytes at most, with its length bytes and the root. */
const longestNameBytes = 255;
const longestLabelBytes = 63;
const pointerMark = 0xc0;

/**
 * Where the name at `offset` ends in the message, pointers included; undefined when it is no well-formed name. A pointer
 * leads to before the label that it stands in for, and each further one to before that: nothing can loop.
 */
export function endOfName(message: Buffer, offset: number): number | undefined {
  let end: number | undefined;
  let nameBytes = 0;
  let limit = offset;
  for (let at = offset; ; ) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) return nameBytes + 1 > longestNameBytes ? undefined : (end ?? at + 1);
    if (length <= longestLabelBytes) {
      nameBytes += 1 + length;
      at += 1 + length;
      if (nameBytes > longestNameBytes) return undefined;
      continue;
    }
    const low = message[at + 1];
    if ((length & pointerMark) !== pointerMark || low === undefined) return undefined;
    end ??= at + 2;
    const target = ((length & ~pointerMark) << 8) | low;
    if (target >= limit || target < headerBytes) return undefined;
    limit = target;
    at = target;
  }
}

/**
 * The labels of a name without pointers, in lower case and joined by dots, without the last dot: '' for the root. A dot
 * or a backslash inside a label is escaped as in master files (`\.`), so that no two names look alike. `bytes` is a
 * well-formed name.
 */
export function nameText(bytes: Buffer): string {
  const labels: string[] = [];
  for (let at = 0; ; ) {
    const length = bytes[at] ?? 0;
    if (length === 0) return labels.join('.').toLowerCase();
    labels.push(bytes.toString('utf8', at + 1, at + 1 + length).replaceAll(/[.\\]/g, String.raw`\$&`));
    at += 1 + length;
  }
}

/** The wire form of a dotted name; undefined when a label is empty or anything is too long. */
export function encodeName(name: string): Buffer | undefined {
  const labels = name
    .replace(/\.$/, '')
    .split('.')
    .map((label) => Buffer.from(label));
  if (labels.some(({ length }) => length === 0 || length > longestLabelBytes)) return undefined;
  const encoded = Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), label]),
    Buffer.from([0]),
  ]);
  return encoded.length > longestNameBytes ? undefined : encoded;
}

/** The address that a name below `in-addr.arpa` or `ip6.arpa` is about (RFC 1035 section 3.5, RFC 3596 section 2.5). */
export function reverseAddress(name: string): string | undefined {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  if (v4) {
    const bytes = v4.slice(1).reverse().map(Number);
    return bytes.every((byte) => byte < 256) ? bytes.join('.') : undefined;
  }
  const v6 = /^((?:[\da-f]\.){32})ip6\.arpa$/.exec(name);
  if (!v6) return undefined;
  const digits = (v6[1] ?? '').replaceAll('.', '').split('').reverse().join('');
  return digits.match(/.{4}/g)?.join(':');
}
