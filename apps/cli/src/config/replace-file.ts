import { mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes a small file so that readers see the old text or the new one; a symbolic link stays, and what it names is replaced. */
export function replaceFile(file: string, text: string, mode: number): void {
  const target = targetOf(file);
  mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
  const partial = `${target}.${process.pid}.partial`;
  try {
    writeFileSync(partial, text, { mode, flag: 'wx', flush: true });
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function targetOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
