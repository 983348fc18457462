import { type AddInstruction } from '@gantry/dockerfile';
import { BuildOptionNotBuiltError } from '../errors.ts';
import { expandIn } from './apply-config.ts';
import { transferFiles } from './copy.ts';
import { sourceLayers } from './sources.ts';
import type { StageWork } from './stage-build.ts';

/** ADD. Throws as COPY does, and `BuildOptionNotBuiltError` for sources that are not in the context. */
export async function addStep(work: StageWork, instruction: AddInstruction): Promise<void> {
  for (const source of instruction.sources) {
    const { text } = expandIn(work, instruction, source);
    if (/^(?:https?|ssh|git):\/\//i.test(text) || text.startsWith('git@') || /\.git(?:#.*)?$/.test(text))
      throw new BuildOptionNotBuiltError(`ADD of ${text}`);
  }
  if (instruction.checksum !== '') throw new BuildOptionNotBuiltError('ADD --checksum');
  const unpacks = instruction.unpack ?? true;
  await transferFiles(work, instruction, { from: await sourceLayers(work, ''), parents: false, unpacks });
}
