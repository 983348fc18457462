import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Clock, EngineError } from '@gantry/base';
import { isErrno } from '../ffi/errno.ts';
import { type CgroupLayout, cgroupDirectory } from './layout.ts';

/** Some process did not stop: it waits in the kernel and cannot be interrupted. The cgroup was thawed again. */
export class FreezeTimeoutError extends EngineError {
  override readonly name = 'FreezeTimeoutError';
  constructor(cgroupPath: string, timeoutMs: number) {
    super(
      'unavailable',
      'freeze-timeout',
      `cgroup ${cgroupPath}: not every process stopped in ${timeoutMs} ms`,
    );
  }
}

/**
 * Stops every process in a cgroup, and those that join it, and resolves when all stand still. Idempotent. Throws
 * `FreezeTimeoutError` after ten seconds, `KernelError`-like ENOENT when there is no such cgroup.
 */
export async function freezeCgroup(layout: CgroupLayout, cgroupPath: string, clock: Clock): Promise<void> {
  const freezer = freezerOf(layout, cgroupPath);
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += stepMs) {
    // Written again and again: on v1 a process that forks meanwhile can keep the state at FREEZING.
    if (waitedMs % rewriteMs === 0) writeFileSync(freezer.control, freezer.frozen);
    if (freezer.isDone()) return;
    await clock.sleep(stepMs);
  }
  writeFileSync(freezer.control, freezer.thawed);
  throw new FreezeTimeoutError(cgroupPath, timeoutMs);
}

/**
 * Lets every process go on. Idempotent; nothing when there is no such cgroup (any more): the OCI runtime freezes one, kills,
 * thaws and removes it when its container has ended, while others look.
 */
export function thawCgroup(layout: CgroupLayout, cgroupPath: string): void {
  const freezer = freezerOf(layout, cgroupPath);
  try {
    writeFileSync(freezer.control, freezer.thawed);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
  }
}

/** Frozen, or on the way to it. False when there is no such cgroup, or no freezer at all. */
export function isCgroupFrozen(layout: CgroupLayout, cgroupPath: string): boolean {
  if (cgroupDirectory(layout, 'freezer', cgroupPath) === undefined) return false;
  const freezer = freezerOf(layout, cgroupPath);
  try {
    return readFileSync(freezer.control, 'utf8').trim() !== freezer.thawed;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return false;
    throw error;
  }
}

interface Freezer {
  /** The file that is written. */
  control: string;
  frozen: string;
  thawed: string;
  isDone(): boolean;
}

const timeoutMs = 10_000;
const rewriteMs = 100;
const stepMs = 1;

function freezerOf(layout: CgroupLayout, cgroupPath: string): Freezer {
  const directory = cgroupDirectory(layout, 'freezer', cgroupPath);
  if (directory === undefined) {
    throw new EngineError('not-implemented', 'no-freezer', 'this machine has no freezer cgroup mounted');
  }
  if (layout.version === 1) {
    const control = path.join(directory, 'freezer.state');
    const isDone = (): boolean => readFileSync(control, 'utf8').trim() === 'FROZEN';
    return { control, frozen: 'FROZEN', thawed: 'THAWED', isDone };
  }
  const events = path.join(directory, 'cgroup.events');
  const isDone = (): boolean => /^frozen 1$/m.test(readFileSync(events, 'utf8'));
  return { control: path.join(directory, 'cgroup.freeze'), frozen: '1', thawed: '0', isDone };
}
