import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EngineError, errorMessage } from '@gantry/base';
import { isErrno } from '../../ffi/errno.ts';
import { type CgroupLayout, cgroupDirectory } from '../layout.ts';
import type { CgroupLimits, LimitWrite } from './cgroup-limits.ts';
import { v1LimitWrites } from './v1-limits.ts';
import { v2LimitWrites } from './v2-limits.ts';

/** The kernel refused a limit: it is below what is used, or beyond what a parent cgroup allows. */
export class LimitRefusedError extends EngineError {
  override readonly name = 'LimitRefusedError';
  constructor(file: string, value: string, cause: unknown) {
    const reason = isErrno(cause, 'EBUSY') ? 'more than that is in use' : errorMessage(cause);
    super('invalid', 'limit-refused', `cannot set ${file} to ${JSON.stringify(value)}: ${reason}`, { cause });
  }
}

/**
 * Changes the limits of a cgroup that exists. In order, and not atomic: when one is refused those before it are set.
 * Idempotent. A limit on memory may take as long as the kernel needs to free what is above it; it does not hold up the
 * event loop. Throws `LimitRefusedError`; ENOENT when there is no such cgroup.
 */
export async function writeCgroupLimits(
  layout: CgroupLayout,
  cgroupPath: string,
  limits: CgroupLimits,
): Promise<void> {
  const writes =
    layout.version === 2
      ? v2LimitWrites(limits)
      : v1LimitWrites(limits, memoryAndSwapNow(layout, cgroupPath));
  for (const write of inAcceptedOrder(writes, layout, cgroupPath)) {
    const directory = cgroupDirectory(layout, write.controller, cgroupPath);
    if (directory === undefined) {
      throw new EngineError(
        'not-implemented',
        'no-controller',
        `this machine has no ${write.controller} cgroup controller mounted`,
      );
    }
    await writeOne(directory, write);
  }
}

async function writeOne(directory: string, { controller, file, value, orElse }: LimitWrite): Promise<void> {
  try {
    await writeFile(path.join(directory, file), value, { flag: 'r+' });
  } catch (error) {
    if (orElse !== undefined && isErrno(error, 'ENOENT'))
      return writeOne(directory, { controller, ...orElse });
    if (isErrno(error, 'ENOENT', 'ENODEV')) throw error;
    throw new LimitRefusedError(file, value, error);
  }
}

/** Quota and period are checked together, one at a time: a shorter period needs the smaller quota first. */
function inAcceptedOrder(
  writes: readonly LimitWrite[],
  layout: CgroupLayout,
  cgroupPath: string,
): readonly LimitWrite[] {
  const period = writes.findIndex(({ file }) => file === 'cpu.cfs_period_us');
  const quota = writes[period + 1];
  if (period < 0 || quota?.file !== 'cpu.cfs_quota_us') return writes;
  const now = Number(readNow(layout, cgroupPath, 'cpu', 'cpu.cfs_quota_us'));
  if (now === -1 || Number(quota.value) >= now) return writes;
  return writes.toSpliced(period, 2, quota, writes[period] as LimitWrite);
}

function memoryAndSwapNow(layout: CgroupLayout, cgroupPath: string): number {
  const text = readNow(layout, cgroupPath, 'memory', 'memory.memsw.limit_in_bytes');
  return text === undefined ? Number.POSITIVE_INFINITY : Number(text);
}

function readNow(
  layout: CgroupLayout,
  cgroupPath: string,
  controller: string,
  file: string,
): string | undefined {
  const directory = cgroupDirectory(layout, controller, cgroupPath);
  if (directory === undefined) return undefined;
  try {
    return readFileSync(path.join(directory, file), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return undefined;
    throw error;
  }
}
