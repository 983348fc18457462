import { existsSync, mkdirSync } from 'node:fs';
import { cgroupDirectory, countOutOfMemory, EventCounter } from '@gantry/kernel';
import type { StartRecord } from '../lifecycle/start-record.ts';
import type { WatchedProcess } from '../processes/watched-process.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { shimDescriptor } from '../shim/shim-script.ts';
import { CountingMemoryWatch, EventsFileMemoryWatch, type OutOfMemoryWatch } from './out-of-memory-watch.ts';

/**
 * v1: the counter that the shim gets, so that it counts on without an engine. Makes the cgroup, which the OCI runtime
 * then joins. Undefined when there is nothing to count or no v1 memory controller.
 */
export function makeMemoryCounter(
  { cgroups }: RuntimeContext,
  record: StartRecord,
): EventCounter | undefined {
  if (!record.countsOutOfMemory || cgroups.version === 2) return undefined;
  const directory = cgroupDirectory(cgroups, 'memory', record.cgroupPath);
  if (directory === undefined) return undefined;
  mkdirSync(directory, { recursive: true });
  const counter = new EventCounter();
  try {
    countOutOfMemory(directory, counter);
    return counter;
  } catch (error) {
    counter[Symbol.dispose]();
    throw error;
  }
}

/** The watch over a started container; `counter` is what `makeMemoryCounter` gave. */
export function watchMemory(
  { cgroups, poller }: RuntimeContext,
  record: StartRecord,
  counter: EventCounter | undefined,
): OutOfMemoryWatch | undefined {
  const directory = cgroupDirectory(cgroups, 'memory', record.cgroupPath);
  if (!record.countsOutOfMemory || directory === undefined) return undefined;
  if (cgroups.version === 2) return existsSync(directory) ? new EventsFileMemoryWatch(directory) : undefined;
  return counter === undefined ? undefined : new CountingMemoryWatch(directory, counter, poller);
}

/** For a container that runs already: undefined when its cgroup is gone. */
export function makeCounterIfThere(context: RuntimeContext, record: StartRecord): EventCounter | undefined {
  const directory = cgroupDirectory(context.cgroups, 'memory', record.cgroupPath);
  return directory !== undefined && existsSync(directory) ? makeMemoryCounter(context, record) : undefined;
}

/** The counter back from the shim, with what it counted meanwhile; without a shim nobody knows. */
export function takeMemoryCounter(
  context: RuntimeContext,
  record: StartRecord,
  shim: WatchedProcess | undefined,
): EventCounter | undefined {
  const { cgroups } = context;
  if (record.limitedLater === true) return makeCounterIfThere(context, record);
  if (!record.countsOutOfMemory || cgroups.version === 2 || shim === undefined) return undefined;
  const counter = shim.handle.takeDescriptor(shimDescriptor.outOfMemory);
  return counter === undefined ? undefined : new EventCounter(counter);
}
