import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { faultPointChannel } from '@gantry/base';

/**
 * Has this process kill itself when it passes the fault point the COUNTth time. With the point `RECORD` all it passes is written to
 * `DIRECTORY.passes` instead, a line each.
 */
export function killAt(directory: string, point: string, count: number): void {
  let passes = 0;
  subscribe(faultPointChannel, (name) => {
    if (point === 'RECORD') appendFileSync(`${directory}.passes`, `${String(name)}\n`);
    if (name !== point) return;
    passes += 1;
    if (passes === count) process.kill(process.pid, 'SIGKILL');
  });
}
