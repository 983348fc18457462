import { existsSync } from 'node:fs';
import { type CgroupLayout, cgroupDirectory } from '@gantry/kernel';

/** Whether a limit on swap can be set: on v1 only where the kernel counts it (`swapaccount=1`). */
export function hasSwapLimit(layout: CgroupLayout): boolean {
  if (layout.version === 2) return true;
  const file = cgroupDirectory(layout, 'memory', 'memory.memsw.limit_in_bytes');
  return file !== undefined && existsSync(file);
}
