import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { faultPoint } from '@gantry/base';
import { tryLockFile } from '@gantry/kernel';
import { RegistryFileError } from './errors.ts';

const longestWaitMs = 10_000;
const retryMs = 20;

/**
 * Does what reads a file and writes it again while nobody else does: programs beside this one wait, at most ten seconds. Blocks. Makes the
 * file's directory, and a lock beside the file, which stays. Throws `RegistryFileError` after that time, and what `change` throws.
 */
export function changeAlone<T>(file: string, change: () => T): T {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
  const deadlineMs = performance.now() + longestWaitMs;
  for (;;) {
    using lock = tryLockFile(`${file}.lock`);
    if (lock !== undefined) return change();
    if (performance.now() > deadlineMs) throw new RegistryFileError(file, 'somebody else is changing it');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
  }
}

/** Writes a small file: whole or not at all, durable, and never readable by others than `mode` says. Makes its directory. */
export function writeWhole(file: string, content: string, mode: number): void {
  const directory = path.dirname(file);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const fresh = `${file}.new`;
  const descriptor = openSync(fresh, 'w', mode);
  try {
    writeSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  faultPoint('settings/written');
  renameSync(fresh, file);
  faultPoint('settings/renamed');
  syncDirectory(directory);
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
