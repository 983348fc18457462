import { bind } from './libc.ts';

const mallocTrim = bind('int malloc_trim(uint64_t pad)');
const mallopt = bind('int mallopt(int option, int value)');

/** Options of mallopt(3), from `malloc.h`. */
const malloptOptions = { trimThreshold: -1, mmapThreshold: -3, arenaMax: -8 } as const;
const largeBytes = 2 << 20;
const keptBytes = 8 << 20;
const arenas = 2;

/**
 * Has the C library give buffers of megabytes back to the system as soon as they are freed, and keep few heaps apart for threads: by
 * itself it learns to keep all that are used up at once, in a heap for each thread. Smaller ones are kept for the next: a log is written
 * a fifth faster than with memory that is new each time. To be called before threads start.
 */
export function keepLittleFreeMemory(): void {
  mallopt(malloptOptions.arenaMax, arenas);
  mallopt(malloptOptions.mmapThreshold, largeBytes);
  mallopt(malloptOptions.trimThreshold, keptBytes);
}

/**
 * Gives memory that the C library keeps for later back to the system (malloc_trim(3)): worth a few milliseconds after work
 * that took much, such as threads that have ended.
 */
export function releaseFreeMemory(): void {
  mallocTrim(0);
}
