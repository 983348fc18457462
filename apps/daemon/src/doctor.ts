import { diagnose, machineChecks } from '@gantry/engine';
import type { Flags } from './flags.ts';

const marks = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

/** Prints a line for each check; 0 unless something keeps containers from running. */
export async function runDoctor(flags: Flags): Promise<number> {
  const checks = machineChecks({ searchPath: process.env['PATH'] ?? '' });
  const diagnoses = await diagnose(checks, { fix: flags.fix });
  const failed = diagnoses.filter((diagnosis) => diagnosis.state === 'fail');
  for (const { state, name, message, mended } of flags.quiet ? failed : diagnoses) {
    console.log(`${marks[state]}  ${name}: ${message}${mended ? ' (mended)' : ''}`);
  }
  return failed.length === 0 ? 0 : 1;
}
