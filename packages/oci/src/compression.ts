import type { LayerCompression } from './media-types.ts';

/** What a tar that a user brings may be packed in. */
export type ArchiveCompression = LayerCompression | 'bzip2' | 'xz';

/** Bytes that `detectCompression` needs to be sure. */
export const compressionProbeBytes = 6;

const signatures: readonly [ArchiveCompression, readonly number[]][] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];

/** Tells from an archive's first bytes how it is packed; `none` for anything unknown. */
export function detectCompression(start: Uint8Array): ArchiveCompression {
  for (const [compression, signature] of signatures) {
    if (signature.every((byte, index) => start[index] === byte)) return compression;
  }
  return isZstdSkippable(start) ? 'zstd' : 'none';
}

/** Zstandard streams may begin with a skippable frame: magic 0x184D2A50 to 0x184D2A5F (RFC 8878, 3.1.2). */
function isZstdSkippable(start: Uint8Array): boolean {
  const [first = 0, second, third, fourth] = start;
  return (first & 0xf0) === 0x50 && second === 0x2a && third === 0x4d && fourth === 0x18;
}
