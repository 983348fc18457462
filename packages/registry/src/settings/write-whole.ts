import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import { faultPoint } from '@gantry/base';

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
