import { duplicateDescriptor, type ReadinessPoller, setNonBlocking } from '@gantry/kernel';
import type { ExecFiles } from '../container-files.ts';
import { PipeInput } from '../input/pipe-input.ts';
import { openFifoReader } from '../shim/stdio.ts';
import { ExecOutput } from './exec-output.ts';

/** Our ends of an exec's stdout and stderr. */
export function openExecPipes(files: ExecFiles, poller: ReadinessPoller): ExecOutput {
  const stdout = openFifoReader(files.stdout, pipeBytes);
  const stderr = openFifoReader(files.stderr, pipeBytes);
  return new ExecOutput(
    [
      { stream: 'stdout', descriptor: stdout },
      { stream: 'stderr', descriptor: stderr },
    ],
    poller,
  );
}

/** Output and input over a terminal's master, which is taken over; `descriptor` is the input's, for its size. */
export function execTerminal(
  files: ExecFiles,
  poller: ReadinessPoller,
  master: number,
): { output: ExecOutput; input: PipeInput; descriptor: number } {
  setNonBlocking(master);
  const output = new ExecOutput([{ stream: 'stdout', descriptor: master }], poller);
  // A descriptor of its own: the poller watches each for one interest, and output closes the other at its end.
  const descriptor = duplicateDescriptor(master);
  const input = new PipeInput({ subject: `exec ${files.execId}`, descriptor, poller });
  return { output, input, descriptor };
}

const pipeBytes = 256 << 10;
