import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs';
import { isErrno, makeFifo, makeNullDevice, resizePipe, type SpawnDescriptor } from '@gantry/kernel';

/** stdio of processes of ours that never read or write it. */
export const nowhere: SpawnDescriptor = { path: '/dev/null', flags: constants.O_RDWR };

/** Opens a FIFO's reading end without waiting for a writer, with room for `capacityBytes` where the system allows it. */
export function openFifoReader(file: string, capacityBytes: number = fifoBytes): number {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  resizePipe(descriptor, capacityBytes);
  return descriptor;
}

/** Opens a FIFO's writing end; needs a reader (ENXIO). */
export function openFifoWriter(file: string): number {
  return openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
}

/** FIFO in a folder of ours that nobody else enters. */
export function makePrivateFifo(file: string): void {
  makeFifo(file, 0o600);
}

/**
 * Something to read nothing from. Never the host's /dev/null: crun 1.8 gives it to the container's user. Where the file
 * system allows no devices (nodev), an empty file.
 */
export function makeEmptyInput(file: string): void {
  try {
    makeNullDevice(file);
    closeSync(openSync(file, constants.O_RDONLY));
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM', 'EEXIST')) throw error;
    rmSync(file, { force: true });
    writeFileSync(file, '', { mode: 0o600 });
  }
}

const fifoBytes = 1 << 20;
