import { openLogger } from '@gantry/program';
import { openStorage } from '@gantry/registry';
import { StoreBusyError } from '@gantry/state';
import { CommandLineError } from '../command-line-error.ts';
import { configurationHelp, loadSettings } from '../configuration.ts';

export const checkHelp: string = `Checks:
      --content             Read every blob and compare its digest
      --repair              Take away what names something that is not there
${configurationHelp}`;

/** `gantry-registry fsck`: whether a registry that does not run has what it knows of. Prints a line for each that does not fit. */
export async function checkRegistry(words: readonly string[]): Promise<number> {
  const [readsContent, repairs] = ['--content', '--repair'].map((word) => words.includes(word));
  const rest = words.filter((word) => word !== '--content' && word !== '--repair');
  const { root, logLevel } = loadSettings(rest, process.env);
  try {
    await using storage = await openStorage({ directory: root, logger: openLogger(logLevel) });
    let problems = 0;
    for await (const { subject, problem } of storage.check({
      readsContent: readsContent === true,
      repairs: repairs === true,
    })) {
      problems += 1;
      console.log(`${subject}: ${problem}`);
    }
    console.error(summary(problems, repairs === true));
    return problems > 0 && repairs !== true ? 1 : 0;
  } catch (error) {
    if (!(error instanceof StoreBusyError)) throw error;
    throw new CommandLineError(`a registry runs over ${root}: stop it first`);
  }
}

function summary(problems: number, isRepaired: boolean): string {
  if (problems === 0) return 'nothing is wrong';
  return `${problems} ${problems === 1 ? 'problem' : 'problems'}${isRepaired ? ', taken away' : '; --repair takes them away'}`;
}
