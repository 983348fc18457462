import { checkClosedEngine } from '@gantry/engine';
import type { DaemonConfig } from './config.ts';

/** Prints a line for each thing that does not fit, as `gantry system fsck` does; 1 when there is any. */
export async function runFsck(config: DaemonConfig): Promise<number> {
  const { dataRoot, execRoot, cgroupDriver, cgroupParent } = config;
  const problems = await checkClosedEngine({ dataRoot, execRoot, cgroupDriver, cgroupParent });
  for (const { kind, object, fact } of problems) console.log(`${kind} ${object}: ${fact}`);
  if (problems.length === 0) console.log('everything fits');
  return problems.length === 0 ? 0 : 1;
}
