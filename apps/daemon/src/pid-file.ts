import { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes the process id, atomically; a stale file is replaced. Disposing it removes the file if it is still ours. */
export function writePidFile(file: string): Disposable {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
  const own = `${process.pid}\n`;
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, own, { mode: 0o644 });
  renameSync(temporary, file);
  return {
    [Symbol.dispose]: () => {
      if (readFileSync(file, 'utf8') === own) unlinkSync(file);
    },
  };
}
