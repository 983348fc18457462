import { existsSync, readFileSync, truncateSync } from 'node:fs';
import type { OutputPosition } from '@gantry/runtime';

/** What an `engine-child` stored: whole records only. */
export interface Journal {
  stdout: Buffer;
  stderr: Buffer;
  position: OutputPosition;
}

/** Reads a journal; a record that was cut off by a kill does not count. */
export function readJournal(file: string): Journal {
  const parts: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  let position = { stdout: 0, stderr: 0 };
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  for (const line of text.split('\n').slice(0, -1)) {
    const [stream, stdout, stderr, data = ''] = line.split(' ');
    parts[stream === 'stderr' ? 'stderr' : 'stdout'].push(Buffer.from(data, 'base64'));
    position = { stdout: Number(stdout), stderr: Number(stderr) };
  }
  return { stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr), position };
}

/** Reads a journal for writing on: cuts off the half record that a kill left. */
export function mendJournal(file: string): Journal {
  if (existsSync(file)) truncateSync(file, readFileSync(file).lastIndexOf('\n') + 1);
  return readJournal(file);
}
