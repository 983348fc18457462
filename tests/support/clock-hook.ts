/**
 * Loaded into gantryd by a test (`node --import`): sets the clock of the day that it sees forward by the milliseconds in the file
 * named by GANTRY_TEST_CLOCK, at SIGUSR2. Timers go on as before, as they do when a machine's clock is set.
 */
import { readFileSync } from 'node:fs';

const file = process.env['GANTRY_TEST_CLOCK'] ?? '';
const RealDate = Date;
let shiftMs = 0;

class ShiftedDate extends RealDate {
  constructor(...given: [] | ConstructorParameters<typeof Date>) {
    if (given.length === 0) super(RealDate.now() + shiftMs);
    else super(...given);
  }

  static override now(): number {
    return RealDate.now() + shiftMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
process.on('SIGUSR2', () => {
  shiftMs = Number(readFileSync(file, 'utf8'));
});
