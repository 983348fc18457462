import { posix } from 'node:path';
import {
  type CopyInstruction,
  heredocText,
  PathPatterns,
  type Transfer,
  type Written,
} from '@gantry/dockerfile';
import type { Digest } from '@gantry/oci';
import { InvalidBuildError } from '../errors.ts';
import { cachedStep } from '../steps/cached-step.ts';
import { prepareTransfer } from '../steps/transfer-step.ts';
import { readModeChange } from '../transfer/change-mode.ts';
import { expandIn } from './apply-config.ts';
import { remember } from './history.ts';
import { sourceLayers } from './sources.ts';
import type { StageWork } from './stage-build.ts';

/** COPY. Throws `SourceNotFoundError`, `InvalidBuildError`, `UnknownUserError`. */
export async function copyStep(work: StageWork, instruction: CopyInstruction): Promise<void> {
  if (instruction.from.includes('$'))
    throw new InvalidBuildError("'from' doesn't support variable expansion, define alias stage instead");
  const from = await sourceLayers(work, instruction.from);
  await transferFiles(work, instruction, { from, parents: instruction.parents, unpacks: false });
}

/** What COPY, and ADD of local files that are no archives, have in common. */
export async function transferFiles(
  work: StageWork,
  instruction: Transfer & Written & { name: 'COPY' | 'ADD' },
  { from, parents, unpacks }: { from: readonly Digest[]; parents: boolean; unpacks: boolean },
): Promise<void> {
  const { build, state } = work;
  const { environment, keep, signal, request } = build;
  const expand = (text: string): string => expandIn(work, instruction, text).text;
  const mode = expand(instruction.chmod);
  await using transfer = await prepareTransfer(environment, {
    instruction: instruction.name,
    sources: instruction.sources.map(expand),
    texts: instruction.heredocs.map((heredoc) => ({
      name: heredoc.name,
      text: heredocText(heredoc, (text) => expandHeredoc(work, instruction, text)),
    })),
    destination: destinationOf(work, expand(instruction.destination)),
    parents,
    unpacks,
    excluded: new PathPatterns(instruction.exclude.map(expand)),
    hidden: from[0] === build.context.layer ? build.context.hidden : new Set(),
    from,
    onto: state.layerIds,
    link: instruction.link,
    chown: expand(instruction.chown),
    changeMode: mode === '' ? undefined : readModeChange(mode),
  });
  const onto = instruction.link ? [] : state.layerIds;
  const step = await cachedStep(environment, {
    inputs: ['transfer', onto, await transfer.contentKey()],
    description: instruction.source,
    noCache: request.noCache,
    keep,
    make: () => transfer.makeLayer({ keep, signal }),
  });
  if (step.cached) work.step?.cached();
  state.add(step);
  remember(work, `${instruction.source} # buildkit`, step.layer !== undefined);
}

/** Relative to the working directory; a slash at the end stays. */
export function destinationOf({ state }: StageWork, destination: string): string {
  const whole = posix.resolve(state.draft.config.WorkingDir || '/', destination);
  const isDirectory = /(?:^|\/)\.?\.?$/.test(destination) && destination !== '';
  return isDirectory && whole !== '/' ? `${whole}/` : whole;
}

function expandHeredoc(work: StageWork, instruction: Written, text: string): string {
  return expandIn(work, instruction, text, { ignoreQuotes: true }).text;
}
