import { readFileSync, statSync } from 'node:fs';
import { isErrno } from '@gantry/kernel';

/** A pid that its writer finished; undefined while the file is missing or still empty. */
export function readPidFile(file: string): number | undefined {
  return readNumber(file)?.value;
}

/** Pid and the moment it was written. */
export function readInitPid(file: string): { pid: number; at: Date } | undefined {
  const number = readNumber(file);
  return number === undefined ? undefined : { pid: number.value, at: statSync(file).mtime };
}

/** The shim's word: exit code of the OCI runtime, and when it ended. */
export function readExitFile(file: string): { exitCode: number; at: Date } | undefined {
  const number = readNumber(file);
  // The shim writes the number and its newline at once.
  if (number === undefined || !number.complete) return undefined;
  return { exitCode: number.value & 0xff, at: statSync(file).mtime };
}

function readNumber(file: string): { value: number; complete: boolean } | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    const match = /^(\d+)(\n?)$/.exec(text);
    return match === null ? undefined : { value: Number(match[1]), complete: match[2] === '\n' };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
