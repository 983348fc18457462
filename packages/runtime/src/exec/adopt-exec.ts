import { existsSync } from 'node:fs';
import type { ExecFiles } from '../container-files.ts';
import { settledStart } from '../lifecycle/adopt-container.ts';
import { isInCgroup } from '../lifecycle/identity.ts';
import { findKeepers, type Keepers } from '../lifecycle/remove-traces.ts';
import { WatchedProcess } from '../processes/watched-process.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { holderDescriptor } from '../shim/shim-script.ts';
import { readExecRecord } from './exec-record.ts';
import { execTerminal, openExecPipes } from './exec-streams.ts';
import { removeLostExec } from './remove-exec.ts';
import { type ExecParts, RunningExec } from './running-exec.ts';

/** Takes back an exec that an earlier engine started; see `ContainerRuntime.adoptExec`. */
export async function adoptExec(context: RuntimeContext, execId: string): Promise<RunningExec | undefined> {
  const files = context.folders.exec(execId);
  if (!existsSync(files.directory)) return undefined;
  const record = readExecRecord(files.record);
  if (record === undefined || record.bootId !== context.bootId) {
    await removeLostExec(context, files);
    return undefined;
  }
  const keepers = findKeepers(context, files);
  const started = await settledStart(context, files, keepers);
  if (started === undefined) {
    for (const keeper of Object.values(keepers)) keeper?.[Symbol.dispose]();
    await removeLostExec(context, files);
    return undefined;
  }
  return new RunningExec(context, {
    files,
    containerId: record.containerId,
    pid: started.pid,
    ...keepers,
    process: WatchedProcess.find(started.pid, context.poller, isInCgroup(record.cgroupPath)),
    ...reopenStreams(context, files, keepers),
  });
}

/** The terminal that the holder kept, or what is in the FIFOs. Input over a pipe ended with the engine that had it. */
function reopenStreams(
  { poller }: RuntimeContext,
  files: ExecFiles,
  { holder }: Keepers,
): Pick<ExecParts, 'output' | 'input' | 'master'> {
  const master = holder?.handle.takeDescriptor(holderDescriptor.keep);
  if (master === undefined) {
    return { output: openExecPipes(files, poller), input: undefined, master: undefined };
  }
  const { output, input, descriptor } = execTerminal(files, poller, master);
  return { output, input, master: descriptor };
}
