import { demultiplex, rawFrames } from '@gantry/client';
import type { Output } from '@gantry/terminal';

export interface OutputTargets {
  readonly stdout: Output | undefined;
  readonly stderr: Output | undefined;
}

/** Writes a container's output until it ends. A terminal's is not multiplexed. A missing target drops its stream. */
export async function copyOutput(
  source: AsyncIterable<Uint8Array>,
  terminal: boolean,
  { stdout, stderr }: OutputTargets,
): Promise<void> {
  for await (const { stream, data } of terminal ? rawFrames(source) : demultiplex(source)) {
    (stream === 'stderr' ? stderr : stdout)?.write(data);
  }
}
