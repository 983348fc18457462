import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { faultPoint } from '@gantry/base';
import { cgroupProcessIds, isCgroupFrozen, isErrno, removeEmptiedCgroup, thawCgroup } from '@gantry/kernel';
import type { ContainerFiles, ProcessFiles } from '../container-files.ts';
import { readExitFile, readPidFile } from '../processes/number-files.ts';
import { killIfSame, killTree } from '../processes/process-tree.ts';
import { WatchedProcess } from '../processes/watched-process.ts';
import { deleteArguments } from '../programs/oci-program.ts';
import { runCommand } from '../programs/run-command.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { processesWorkingFor, worksFor } from './identity.ts';
import { releaseRoot } from './reachable-root.ts';
import { readStartRecord } from './start-record.ts';

/** Keepers of a container that this engine holds already. */
export interface Keepers {
  shim: WatchedProcess | undefined;
  holder: WatchedProcess | undefined;
}

/**
 * Ends and removes everything there is of a container, in whatever state its start, its life or an earlier removal left
 * it. Idempotent; the folder goes last, so that an interrupted removal is found again.
 */
export async function removeTraces(
  context: RuntimeContext,
  files: ContainerFiles,
  known?: Keepers,
): Promise<void> {
  const record = readStartRecord(files.record);
  if (record !== undefined && record.bootId === context.bootId) {
    const keepers = known ?? findKeepers(context, files);
    await endProcesses(context, files, record.cgroupPath, keepers);
    if (known === undefined) for (const keeper of Object.values(keepers)) keeper?.[Symbol.dispose]();
  }
  faultPoint('runtime-remove/processes-ended');
  await releaseRoot(context.folders, files.containerId);
  if (existsSync(path.join(context.folders.state, files.containerId))) {
    await runCommand(context, deleteArguments(context.folders.state, files.containerId));
  }
  if (record !== undefined) await removeEmptiedCgroup(context.cgroups, record.cgroupPath, context.clock);
  faultPoint('runtime-remove/cgroup-removed');
  for (const file of [files.initPid, files.exit]) rmSync(file, { force: true });
  faultPoint('runtime-remove/event-files-removed');
  removeFolder(files.directory, () => {
    // A dead engine may have spawned a keeper that had no time to say its pid.
    if (known === undefined) for (const pid of processesWorkingFor(files.directory)) killIfSame(pid);
  });
}

/**
 * Removes a folder at once for everybody who looks for it by name; `removeLeftFolders` finishes what died half way.
 * `onHidden` runs when its name is gone.
 */
export function removeFolder(directory: string, onHidden: () => void = () => {}): void {
  const aside = path.join(path.dirname(directory), `.${path.basename(directory)}`);
  try {
    rmSync(aside, { recursive: true, force: true });
    renameSync(directory, aside);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return;
  }
  faultPoint('runtime-remove/folder-hidden');
  onHidden();
  rmSync(aside, { recursive: true, force: true, maxRetries: 5, retryDelay: 10 });
}

/** Start-up pass: finishes the removals that died between hiding a folder and removing it. */
export function removeLeftFolders(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith('.')) continue;
    for (const pid of processesWorkingFor(path.join(directory, name.slice(1)))) killIfSame(pid);
    rmSync(path.join(directory, name), { recursive: true, force: true });
  }
}

/** The shim and the holder that wrote their pids into the folder and still live. */
export function findKeepers({ poller }: RuntimeContext, files: ProcessFiles): Keepers {
  const isOurs = worksFor(files.directory);
  return {
    shim: WatchedProcess.find(readPidFile(files.shimPid), poller, isOurs),
    holder: WatchedProcess.find(readPidFile(files.holderPid), poller, isOurs),
  };
}

async function endProcesses(
  context: RuntimeContext,
  files: ContainerFiles,
  cgroupPath: string,
  { shim, holder }: Keepers,
): Promise<void> {
  const wasStarted = readPidFile(files.initPid) !== undefined;
  if (wasStarted && readExitFile(files.exit) === undefined) {
    await killCgroup(context, cgroupPath);
    if (shim !== undefined) await exitOf(context, files, shim);
  }
  if (shim !== undefined) await killShim(context, files, shim);
  await holder?.kill();
  await killCgroup(context, cgroupPath);
}

/** With the OCI runtime that it still waits for. */
export async function killShim(
  { clock }: RuntimeContext,
  files: ProcessFiles,
  shim: WatchedProcess,
): Promise<void> {
  if (readExitFile(files.exit) === undefined) await killTree(shim.handle, clock);
  await shim.kill();
}

/** Kills until nobody is left: a process may fork between two looks. Gives up on those that do not die (state D). */
export async function killCgroup(
  { cgroups, clock, logger }: RuntimeContext,
  cgroupPath: string,
): Promise<void> {
  if (isCgroupFrozen(cgroups, cgroupPath)) thawCgroup(cgroups, cgroupPath);
  for (let waitedMs = 0; waitedMs < killMs; waitedMs += stepMs) {
    const left = cgroupProcessIds(cgroups, cgroupPath);
    if (left.length === 0) return;
    for (const pid of left) killIfSame(pid);
    await clock.sleep(stepMs);
  }
  logger.warn('processes of a container do not die', { component: 'runtime', cgroupPath });
}

/** The OCI runtime removes its own state and the cgroup once init is dead, and the shim says so. */
async function exitOf(
  { events, clock }: RuntimeContext,
  files: ContainerFiles,
  shim: WatchedProcess,
): Promise<void> {
  const written = Promise.withResolvers<void>();
  using _subscription = events.subscribe(files.exitEvent, () => {
    if (readExitFile(files.exit) !== undefined) written.resolve();
  });
  if (readExitFile(files.exit) !== undefined) return;
  const limit = new AbortController();
  await Promise.race([written.promise, shim.died, clock.sleep(killMs, limit.signal)]);
  limit.abort();
}

const killMs = 10_000;
const stepMs = 2;
