import {
  duplicateDescriptor,
  ProcessHandle,
  type ReadinessPoller,
  type SpawnDescriptor,
  setNonBlocking,
  spawnProcess,
} from '@gantry/kernel';
import type { ContainerFiles, ProcessFiles } from '../container-files.ts';
import { PipeInput } from '../input/pipe-input.ts';
import { FifoSource } from '../output/fifo-source.ts';
import { TerminalSource } from '../output/terminal-source.ts';
import { WatchedProcess } from '../processes/watched-process.ts';
import { programEnvironment } from '../programs/oci-program.ts';
import { holderScript } from '../shim/shim-script.ts';
import { nowhere, openFifoReader, openFifoWriter } from '../shim/stdio.ts';
import type { ProcessStreams } from './running-process.ts';

/** Our ends of stdout and stderr. */
export function openOutputFifos(files: ContainerFiles): ProcessStreams {
  const stdout = new FifoSource(openFifoReader(files.stdout));
  try {
    return { stdout, stderr: new FifoSource(openFifoReader(files.stderr)) };
  } catch (error) {
    stdout[Symbol.dispose]();
    throw error;
  }
}

/** Our end of stdin, which has a reader. `holder` keeps another: the container sees the end when both are gone. */
export function openInputFifo(
  files: ContainerFiles,
  poller: ReadinessPoller,
  holder: WatchedProcess,
): PipeInput {
  return new PipeInput({
    subject: `container ${files.containerId}`,
    descriptor: openFifoWriter(files.stdin),
    poller,
    onEnd: () => holder.end(),
  });
}

/** Output and input over a pty master, which is taken over. */
export function openTerminal(files: ContainerFiles, poller: ReadinessPoller, master: number): ProcessStreams {
  setNonBlocking(master);
  const readEnd = openFifoReader(files.stdout);
  const stdout = new TerminalSource(master, { readEnd, writeEnd: openFifoWriter(files.stdout) });
  const input = new PipeInput({
    subject: `container ${files.containerId}`,
    // A descriptor of its own: the poller watches each for one interest.
    descriptor: duplicateDescriptor(master),
    poller,
  });
  return { stdout, input, master };
}

/** Starts the process that keeps `kept` open over a restart of the engine. */
export async function spawnHolder(
  files: ProcessFiles,
  poller: ReadinessPoller,
  kept: SpawnDescriptor,
): Promise<WatchedProcess> {
  const pid = await spawnProcess({
    file: '/bin/sh',
    args: ['-c', holderScript, 'gantry-holder', files.directory],
    env: programEnvironment,
    descriptors: [nowhere, nowhere, nowhere, kept],
  });
  return new WatchedProcess(new ProcessHandle(pid), poller);
}

/** Gives back what `openOutputFifos`, `openInputFifo` or `openTerminal` opened. */
export function closeStreams(streams: ProcessStreams | undefined): void {
  streams?.input?.[Symbol.dispose]();
  streams?.stdout[Symbol.dispose]();
  streams?.stderr?.[Symbol.dispose]();
}
