/**
 * Frees the memory of a chunk at once where it has its buffer for itself; otherwise it is left to be collected. Nobody may look at it
 * afterwards. Idempotent. What waits to be collected is else the most of the memory that gigabytes take on their way.
 */
export function freeChunk({ buffer, length }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && length === buffer.byteLength && !buffer.detached) buffer.transfer(0);
}
