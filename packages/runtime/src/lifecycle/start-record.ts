import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { EngineError } from '@gantry/base';
import { isErrno } from '@gantry/kernel';

/** What a later engine has to know about a start, beside the files themselves. Version 1. */
export interface StartRecord {
  version: 1;
  /** /proc/sys/kernel/random/boot_id: after a reboot no pid here means anything. */
  bootId: string;
  terminal: boolean;
  stdin: boolean;
  /** The container's cgroup in every hierarchy. */
  cgroupPath: string;
  /** Out-of-memory news was asked for. */
  countsOutOfMemory: boolean;
  /** Its processes are in a PID namespace that is not its own: the kernel does not end them with init. */
  sharesPids?: boolean;
  /** It has clocks of its own. */
  hasOwnTime?: boolean;
  /** The limit that makes it of interest came later: on v1 the shim does not count, each engine does by itself. */
  limitedLater?: boolean;
}

/** Half a record is no record: nothing was started before it was whole. */
export function readStartRecord(file: string): StartRecord | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  const record = parse(text);
  if (record !== undefined && record.version !== 1) {
    throw new EngineError('corrupt', 'start-record-version', `${file}: written by a newer engine`);
  }
  return record;
}

export function writeStartRecord(file: string, record: StartRecord): void {
  writeFileSync(file, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
}

/** Puts a whole record in the place of the old one. */
export function replaceStartRecord(file: string, record: StartRecord): void {
  const next = `${file}.next`;
  writeFileSync(next, JSON.stringify(record), { mode: 0o600 });
  renameSync(next, file);
}

/** Identity of this boot of the machine. */
export function currentBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function parse(text: string): StartRecord | undefined {
  try {
    return JSON.parse(text) as StartRecord;
  } catch {
    return undefined;
  }
}
