const nanosecondsPerSecond = 1_000_000_000n;

/** `struct timespec[2]` for utimensat(2), 64-bit. Times before the epoch have a negative second and a positive rest. */
export function encodeTimes(accessedNs: bigint, modifiedNs: bigint): Uint8Array {
  const words = new BigInt64Array(4);
  [words[0], words[1]] = split(accessedNs);
  [words[2], words[3]] = split(modifiedNs);
  return new Uint8Array(words.buffer);
}

function split(timeNs: bigint): [bigint, bigint] {
  const rest = ((timeNs % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond;
  return [(timeNs - rest) / nanosecondsPerSecond, rest];
}
