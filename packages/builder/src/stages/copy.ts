import { posix } from 'node:path';
import { type CopyInstruction, heredocText, type Transfer, type Written } from '@gantry/dockerfile';
import { InvalidBuildError } from '../errors.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import { cachedStep } from '../steps/cached-step.ts';
import { StepTransfer } from '../steps/transfer-step.ts';
import { expandIn } from './apply-config.ts';
import { remember } from './history.ts';
import { checkIgnored, sourceFiles } from './sources.ts';
import type { StageWork } from './stage-build.ts';

/** COPY. Throws `SourceNotFoundError`, `InvalidBuildError`, `UnknownUserError`. */
export async function copyStep(work: StageWork, instruction: CopyInstruction): Promise<void> {
  if (instruction.from.includes('$'))
    throw new InvalidBuildError("'from' doesn't support variable expansion, define alias stage instead");
  const from = await sourceFiles(work, instruction.from);
  const keepsOwners = hasOwners(work, instruction.from);
  const sources = instruction.sources.map((source) => expandIn(work, instruction, source).text);
  if (from === work.build.context.files) checkIgnored(work, instruction, sources);
  const source = { from, sources, parents: instruction.parents, unpacks: false };
  await transferFiles(work, instruction, { ...source, keepsOwners });
}

/** Files that an instruction takes from one place. */
export interface TransferSource {
  readonly from: SourceFiles;
  /** Their names there, variables put in. */
  readonly sources: readonly string[];
  readonly parents: boolean;
  readonly unpacks: boolean;
  /** Without `--chown` files keep the owners that they have there; of a context they are root's. */
  readonly keepsOwners?: boolean;
  /** As the Dockerfile names them, where that is something else. */
  readonly toldSources?: readonly string[];
}

/** What COPY and ADD have in common. */
export async function transferFiles(
  work: StageWork,
  instruction: Transfer & Written & { name: 'COPY' | 'ADD' },
  { from, sources, parents, unpacks, keepsOwners = false, toldSources }: TransferSource,
): Promise<void> {
  const { build, state } = work;
  const { environment, keep, signal } = build;
  const expand = (text: string): string => expandIn(work, instruction, text).text;
  const chmod = expand(instruction.chmod);
  const chown = expand(instruction.chown);
  const destination = expand(instruction.destination);
  await using transfer = new StepTransfer(environment, {
    instruction: instruction.name,
    sources,
    texts: instruction.heredocs.map((heredoc) => ({
      name: heredoc.name,
      text: heredocText(heredoc, (text) => expandHeredoc(work, instruction, text)),
    })),
    destination: destinationOf(work, destination),
    parents,
    unpacks,
    exclude: instruction.exclude.map(expand),
    hidden: from === build.context.files ? build.context.hidden : new Set(),
    from,
    onto: state.layerIds,
    link: instruction.link,
    chown,
    keepsOwners,
    chmod,
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
  const told = transferText(instruction, {
    sources: toldSources ?? sources,
    destination,
    chown,
    chmod,
  });
  remember(work, `${told} # buildkit`, step.layer !== undefined);
}

/** Stages and images have users of their own. */
function hasOwners({ build }: StageWork, from: string): boolean {
  return from !== '' && !('address' in build.names.source(from));
}

/** As the history has it: without what does not change the files themselves. */
function transferText(
  { name, heredocs }: Pick<Transfer, 'heredocs'> & { name: 'COPY' | 'ADD' },
  parts: { sources: readonly string[]; destination: string; chown: string; chmod: string },
): string {
  const { sources, destination, chown, chmod } = parts;
  const flags = [...(chown ? [`--chown=${chown}`] : []), ...(chmod ? [`--chmod=${chmod}`] : [])];
  const texts = heredocs.map((heredoc) => `<<${heredoc.name}`);
  return [name, ...flags, ...sources, ...texts, destination].join(' ');
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
