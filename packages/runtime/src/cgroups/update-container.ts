import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type CgroupLimits, writeCgroupLimits } from '@gantry/kernel';
import type { RunningProcess } from '../lifecycle/running-process.ts';
import { replaceStartRecord, type StartRecord } from '../lifecycle/start-record.ts';
import { makeCounterIfThere, watchMemory } from '../memory/watch-memory.ts';
import { updateArguments } from '../programs/oci-program.ts';
import { runCommand } from '../programs/run-command.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { ociLimits } from '../spec/oci-limits.ts';
import { innerCgroupPath } from './cgroup-place.ts';

/** As `ContainerRuntime.update`. */
export async function updateContainer(
  context: RuntimeContext,
  process: RunningProcess,
  limits: CgroupLimits,
): Promise<void> {
  const { files, record } = process.parts;
  if ((limits.memoryBytes ?? 0) > 0 && !record.countsOutOfMemory) watchFromNow(context, process);
  if (context.cgroupDriver === 'systemd') await tellSystemd(context, files, limits);
  await writeCgroupLimits(context.cgroups, innerCgroupPath(context, record), limits);
}

/** The record first: an engine that comes after this one watches too. */
function watchFromNow(context: RuntimeContext, process: RunningProcess): void {
  const { files, record } = process.parts;
  const next: StartRecord = { ...record, countsOutOfMemory: true, limitedLater: true };
  replaceStartRecord(files.record, next);
  const counter = makeCounterIfThere(context, next);
  const watch = watchMemory(context, next, counter);
  if (watch === undefined) counter?.[Symbol.dispose]();
  else process.watchMemory(watch, next);
}

/** systemd would put its own values back at the next `daemon-reload`: the OCI runtime tells it ours. */
async function tellSystemd(
  context: RuntimeContext,
  files: RunningProcess['parts']['files'],
  limits: CgroupLimits,
): Promise<void> {
  // crun 1.8 takes no -1 for pids; the write that follows does.
  const { pidsLimit = 0, ...rest } = limits;
  const file = path.join(files.directory, 'update.json');
  writeFileSync(file, JSON.stringify(ociLimits(pidsLimit > 0 ? limits : rest)), { mode: 0o600 });
  try {
    await runCommand(context, updateArguments(context.folders.state, files.containerId, file));
  } finally {
    rmSync(file, { force: true });
  }
}
