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
import { checkIgnored, sourceLayers } from './sources.ts';
import type { StageWork } from './stage-build.ts';

/** COPY. Throws `SourceNotFoundError`, `InvalidBuildError`, `UnknownUserError`. */
export async function copyStep(work: StageWork, instruction: CopyInstruction): Promise<void> {
  if (instruction.from.includes('$'))
    throw new InvalidBuildError("'from' doesn't support variable expansion, define alias stage instead");
  const from = await sourceLayers(work, instruction.from);
  const sources = instruction.sources.map((source) => expandIn(work, instruction, source).text);
  if (from === work.build.context.layers) checkIgnored(work, instruction, sources);
  await transferFiles(work, instruction, { from, sources, parents: instruction.parents, unpacks: false });
}

/** Files that an instruction takes from one place. */
export interface TransferSource {
  readonly from: readonly Digest[];
  /** Their names there, variables put in. */
  readonly sources: readonly string[];
  readonly parents: boolean;
  readonly unpacks: boolean;
}

/** What COPY and ADD have in common. */
export async function transferFiles(
  work: StageWork,
  instruction: Transfer & Written & { name: 'COPY' | 'ADD' },
  { from, sources, parents, unpacks }: TransferSource,
): Promise<void> {
  const { build, state } = work;
  const { environment, keep, signal } = build;
  const expand = (text: string): string => expandIn(work, instruction, text).text;
  const mode = expand(instruction.chmod);
  await using transfer = await prepareTransfer(environment, {
    instruction: instruction.name,
    sources,
    texts: instruction.heredocs.map((heredoc) => ({
      name: heredoc.name,
      text: heredocText(heredoc, (text) => expandHeredoc(work, instruction, text)),
    })),
    destination: destinationOf(work, expand(instruction.destination)),
    parents,
    unpacks,
    excluded: new PathPatterns(instruction.exclude.map(expand)),
    hidden: from === build.context.layers ? build.context.hidden : new Set(),
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
    noCache: isUncached(work),
    keep,
    make: () => transfer.makeLayer({ keep, signal }),
  });
  if (step.cached) work.step?.cached();
  state.add(step);
  remember(work, `${instruction.source} # buildkit`, step.layer !== undefined);
}

/** Nothing that was built before is taken, for the whole build or for the stage. */
export function isUncached({ build: { request }, stage }: StageWork): boolean {
  const { stageName } = stage.from;
  return request.noCache || (stageName !== '' && request.noCacheStages.has(stageName));
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
