import { bind } from './libc.ts';

const mallocTrim = bind('int malloc_trim(uint64_t pad)');

/**
 * Gives memory that the C library keeps for later back to the system (malloc_trim(3)): worth a few milliseconds after work
 * that took much, such as threads that have ended.
 */
export function releaseFreeMemory(): void {
  mallocTrim(0);
}
