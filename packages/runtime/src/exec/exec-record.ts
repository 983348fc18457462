import { readFileSync, writeFileSync } from 'node:fs';
import { isErrno } from '@gantry/kernel';

/** What a later engine has to know of an exec's start. Version 1. */
export interface ExecStartRecord {
  version: 1;
  /** /proc/sys/kernel/random/boot_id: after a reboot no pid here means anything. */
  bootId: string;
  containerId: string;
  terminal: boolean;
  /** The container's cgroup in every hierarchy. */
  cgroupPath: string;
}

/** Undefined when it is missing, half written, or another version's: nothing was started, or nothing is known of it. */
export function readExecRecord(file: string): ExecStartRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as ExecStartRecord;
    return record.version === 1 ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function writeExecRecord(file: string, record: ExecStartRecord): void {
  writeFileSync(file, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
}
