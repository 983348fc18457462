import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeAll } from '@gantry/terminal';

/** Writes what comes to a file, which is there only when all has come; `-` is stdout. */
export async function receiveFile(chunks: AsyncIterable<{ data: Uint8Array }>, file: string): Promise<void> {
  if (file === '-') {
    for await (const { data } of chunks) writeAll(1, data);
    return;
  }
  mkdirSync(path.dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.partial`;
  const fd = openSync(partial, 'wx', 0o644);
  try {
    for await (const { data } of chunks) writeAll(fd, data);
    fsyncSync(fd);
    renameSync(partial, file);
  } finally {
    closeSync(fd);
    rmSync(partial, { force: true });
  }
}
