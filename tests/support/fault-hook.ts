/**
 * Loaded into gantryd by a test (`node --import`): does at each fault point what the file named by GANTRY_TEST_FAULTS
 * says. `kill NAME COUNT` kills the process at the COUNTth time it passes the point, counted since the file was written;
 * `cut NAME COUNT DISK` cuts the power of a `PowerDisk` before that; `record` adds the name to `<file>.passed`; without the file nothing is done.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync, readFileSync } from 'node:fs';
import { faultPointChannel } from '@gantry/base';
import { cutPower } from './power-disk.ts';

const file = process.env['GANTRY_TEST_FAULTS'] ?? '';
let order = '';
let passes = 0;

subscribe(faultPointChannel, (name) => {
  const current = readOrder();
  if (current !== order) passes = 0;
  order = current;
  const [what, wanted, count, disk = ''] = order.split(' ');
  if (what === 'record') appendFileSync(`${file}.passed`, `${String(name)}\n`);
  if ((what !== 'kill' && what !== 'cut') || wanted !== name) return;
  passes += 1;
  if (passes !== Number(count)) return;
  if (what === 'cut') cutPower(disk);
  process.kill(process.pid, 'SIGKILL');
});

function readOrder(): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
