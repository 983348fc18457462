import { constants } from 'node:fs';
import { type SpawnDescriptor, spawnProcess } from '@gantry/kernel';
import type { ProcessFiles } from '../container-files.ts';
import { programEnvironment } from '../programs/oci-program.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { shimDescriptor, shimScript } from './shim-script.ts';
import { nowhere } from './stdio.ts';

export interface ShimOptions {
  files: ProcessFiles;
  /** Arguments of the OCI runtime. */
  command: readonly string[];
  /** What the OCI runtime is run by, and the words before it; nothing when missing. */
  prefix?: readonly string[];
  stdin: SpawnDescriptor;
  /** With a terminal the output FIFOs are not the process's. */
  terminal: boolean;
  /** Kept for the next engine; nothing when missing. */
  counter?: SpawnDescriptor | undefined;
}

/** Starts a shim on the FIFOs of `files`, whose reading ends are open here. Resolves with its pid: it is our child. */
export function spawnShim(
  { program, sealedProgram }: Pick<RuntimeContext, 'program' | 'sealedProgram'>,
  { files, command, prefix = [], stdin, terminal, counter }: ShimOptions,
): Promise<number> {
  const { directory, exit, stdout, stderr, nullDevice } = files;
  const unused = { path: nullDevice, flags: constants.O_RDONLY };
  const reader = (path: string): SpawnDescriptor => ({
    path,
    flags: constants.O_RDONLY | constants.O_NONBLOCK,
  });
  const writer = (path: string): SpawnDescriptor => ({ path, flags: constants.O_WRONLY });
  const out = terminal ? [nullDevice, nullDevice] : [stdout, stderr];
  const { file, descriptor } = sealedProgram.asDescriptor(shimDescriptor.program);
  const ociCommand = [...prefix, file, ...(program.args ?? []), ...command];
  return spawnProcess({
    file: '/bin/sh',
    args: ['-c', shimScript, 'gantry-shim', directory, exit, ...ociCommand],
    env: programEnvironment,
    descriptors: [
      nowhere,
      nowhere,
      nowhere,
      stdin,
      reader(stdout),
      reader(stderr),
      counter ?? unused,
      ...out.map(writer),
      ...(descriptor === undefined ? [] : [descriptor]),
    ],
  });
}
