import { rmSync } from 'node:fs';
import { ProcessHandle } from '@gantry/kernel';
import type { ExecFiles } from '../container-files.ts';
import { isInCgroup, processesWorkingFor } from '../lifecycle/identity.ts';
import { findKeepers, type Keepers, killShim, removeFolder } from '../lifecycle/remove-traces.ts';
import { readPidFile } from '../processes/number-files.ts';
import { killIfSame, killTree } from '../processes/process-tree.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { readExecRecord } from './exec-record.ts';

/** Ends the keepers of an exec and removes its files. The process itself has ended, or is its container's to end. */
export async function removeExecTraces(
  context: RuntimeContext,
  files: ExecFiles,
  { shim, holder }: Keepers,
): Promise<void> {
  if (shim !== undefined) await killShim(context, files, shim);
  await holder?.kill();
  for (const file of [files.initPid, files.exit]) rmSync(file, { force: true });
  removeFolder(files.directory);
}

/**
 * Ends an exec that an earlier engine left behind and that nobody asks for, with its process, and removes its files: one
 * that was never told to anybody, or of a container that is gone. Idempotent.
 */
export async function removeLostExec(context: RuntimeContext, files: ExecFiles): Promise<void> {
  const record = readExecRecord(files.record);
  const isCurrent = record?.bootId === context.bootId;
  const keepers = isCurrent ? findKeepers(context, files) : { shim: undefined, holder: undefined };
  if (isCurrent) await endProcess(context, readPidFile(files.initPid), isInCgroup(record.cgroupPath));
  await removeExecTraces(context, files, keepers);
  for (const keeper of Object.values(keepers)) keeper?.[Symbol.dispose]();
  // A keeper that had no time to say its pid.
  for (const pid of isCurrent ? processesWorkingFor(files.directory) : []) killIfSame(pid);
}

async function endProcess(
  { clock }: RuntimeContext,
  pid: number | undefined,
  isOurs: (pid: number) => boolean,
): Promise<void> {
  using handle = pid === undefined ? undefined : ProcessHandle.find(pid);
  if (handle !== undefined && isOurs(handle.pid)) await killTree(handle, clock);
}
