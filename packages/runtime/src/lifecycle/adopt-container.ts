import { existsSync } from 'node:fs';
import { isErrno } from '@gantry/kernel';
import type { ContainerFiles, ProcessFiles } from '../container-files.ts';
import { takeMemoryCounter, watchMemory } from '../memory/watch-memory.ts';
import { readExitFile, readInitPid } from '../processes/number-files.ts';
import { WatchedProcess } from '../processes/watched-process.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { holderDescriptor } from '../shim/shim-script.ts';
import { isInCgroup } from './identity.ts';
import { closeStreams, openInputFifo, openOutputFifos, openTerminal } from './process-streams.ts';
import { releaseRoot } from './reachable-root.ts';
import { findKeepers, type Keepers, removeTraces } from './remove-traces.ts';
import { type ProcessStreams, RunningProcess } from './running-process.ts';
import { readStartRecord, type StartRecord } from './start-record.ts';

/** Takes back what an earlier engine started; see `ContainerRuntime.adopt`. */
export async function adoptContainer(
  context: RuntimeContext,
  containerId: string,
): Promise<RunningProcess | undefined> {
  const files = context.folders.container(containerId);
  if (!existsSync(files.directory)) return undefined;
  const record = readStartRecord(files.record);
  const keepers =
    record?.bootId === context.bootId ? findKeepers(context, files) : { shim: undefined, holder: undefined };
  const started = record === undefined ? undefined : await settledStart(context, files, keepers);
  const lacksHolder =
    record !== undefined && (record.terminal || record.stdin) && !existsSync(files.holderPid);
  if (record === undefined || started === undefined || lacksHolder) {
    for (const keeper of Object.values(keepers)) keeper?.[Symbol.dispose]();
    await removeTraces(context, files);
    return undefined;
  }
  await releaseRoot(context.folders, containerId);
  return takeBack(context, files, { record, keepers, started });
}

interface Found {
  record: StartRecord;
  keepers: Keepers;
  started: { pid: number; at: Date };
}

/** A start that is under way comes to its end by itself, one way or the other, unless its shim is dead. */
export async function settledStart(
  { events, clock }: RuntimeContext,
  files: ProcessFiles,
  { shim }: Pick<Keepers, 'shim'>,
): Promise<Found['started'] | undefined> {
  const deadline = performance.now() + settleMs;
  let wake = Promise.withResolvers<void>();
  using subscriptions = new DisposableStack();
  for (const name of [files.pidEvent, files.exitEvent])
    subscriptions.use(events.subscribe(name, () => wake.resolve()));
  for (;;) {
    wake = Promise.withResolvers();
    const isOver =
      shim?.isAlive !== true || readExitFile(files.exit) !== undefined || performance.now() > deadline;
    const started = readInitPid(files.initPid);
    if (started !== undefined || isOver) return started;
    await Promise.race([wake.promise, shim.died, clock.sleep(recheckMs)]);
  }
}

function takeBack(
  context: RuntimeContext,
  files: ContainerFiles,
  { record, keepers, started }: Found,
): RunningProcess {
  using taken = new DisposableStack();
  for (const keeper of [keepers.shim, keepers.holder]) taken.use(keeper);
  const sameBoot = record.bootId === context.bootId;
  const isOurs = isInCgroup(record.cgroupPath);
  const init = taken.use(WatchedProcess.find(sameBoot ? started.pid : undefined, context.poller, isOurs));
  const streams = reopenStreams(context, files, record, keepers);
  taken.defer(() => closeStreams(streams));
  const counter = takeMemoryCounter(context, record, keepers.shim);
  const memory = watchMemory(context, record, counter);
  taken.move();
  const { pid, at } = started;
  return new RunningProcess(context, {
    files,
    record,
    pid,
    startedAt: at,
    init,
    ...keepers,
    streams,
    memory,
  });
}

/** What the holder kept, if it still lives: without it a terminal is lost, and input has ended. */
function reopenStreams(
  { poller }: RuntimeContext,
  files: ContainerFiles,
  record: StartRecord,
  { holder }: Keepers,
): ProcessStreams {
  if (holder === undefined) return openOutputFifos(files);
  if (record.terminal) {
    const master = holder.handle.takeDescriptor(holderDescriptor.keep);
    return master === undefined ? openOutputFifos(files) : openTerminal(files, poller, master);
  }
  const streams = openOutputFifos(files);
  if (!record.stdin) return streams;
  try {
    streams.input = openInputFifo(files, poller, holder);
  } catch (error) {
    if (!isErrno(error, 'ENXIO')) throw error;
    // Nobody reads any more: the process has ended.
  }
  return streams;
}

const settleMs = 10_000;
const recheckMs = 500;
