import type { Instruction } from '../instructions/instruction.ts';
import type { Dockerfile, Stage } from '../parse-dockerfile.ts';
import { checkDescription } from './check-description.ts';
import { checkStages } from './check-stages.ts';
import type { CheckReporter } from './reporter.ts';

const secretWord = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const openWord = /(?:_|^)(?:public|file|version)(?:_|$)/i;

/**
 * Reports what the text alone shows; what needs variables, images or a context (UndefinedVar, UndefinedArgInFrom,
 * InvalidDefaultArgInFrom, WorkdirRelativePath, CopyIgnoredFile, InvalidBaseImagePlatform, ExposeProtoCasing,
 * ExposeInvalidFormat, RedundantTargetPlatform, FromPlatformFlagConstDisallowed) is for whoever knows them.
 */
export function checkDockerfile(file: Dockerfile, reporter: CheckReporter): void {
  for (const statement of file.statements) {
    if (!statement.hasEmptyContinuation) continue;
    const { last } = statement.lines;
    const place = { lines: { first: last, last }, comments: statement.comments };
    reporter.report('NoEmptyContinuation', place, 'Empty continuation line');
  }
  checkStages(file.stages, reporter);
  checkCasing(file.stages, reporter);
  for (const argument of file.globalArguments) checkInstruction(argument, reporter);
  for (const stage of file.stages) {
    for (const instruction of stage.instructions) checkInstruction(instruction, reporter);
    checkCommands(stage, reporter);
  }
}

function checkInstruction(instruction: Instruction, reporter: CheckReporter): void {
  if (instruction.name === 'MAINTAINER') {
    const message = 'Maintainer instruction is deprecated in favor of using label';
    reporter.report('MaintainerDeprecated', instruction, message);
  } else if (instruction.name === 'ENV' || instruction.name === 'LABEL') {
    if (instruction.legacy) {
      const word = instruction.keyword;
      const message = `"${word} key=value" should be used instead of legacy "${word} key value" format`;
      reporter.report('LegacyKeyValueFormat', instruction, message);
    }
    if (instruction.name === 'ENV')
      checkSecrets(
        instruction,
        instruction.pairs.map(({ key }) => key),
        reporter,
      );
  } else if (instruction.name === 'ARG') {
    const keys = instruction.arguments.map(({ key }) => key);
    checkSecrets(instruction, keys, reporter);
    checkDescription(instruction, keys, reporter);
  }
}

function checkSecrets(instruction: Instruction, keys: readonly string[], reporter: CheckReporter): void {
  for (const key of keys) {
    if (!secretWord.test(key) || openWord.test(key)) continue;
    const what = `${instruction.name} ${JSON.stringify(key)}`;
    const message = `Do not use ARG or ENV instructions for sensitive data (${what})`;
    reporter.report('SecretsUsedInArgOrEnv', instruction, message);
  }
}

/** Only the last CMD, ENTRYPOINT and HEALTHCHECK of a stage counts; a shell keeps signals from the first two. */
function checkCommands(stage: Stage, reporter: CheckReporter): void {
  const ownShell = stage.instructions.some(({ name }) => name === 'SHELL');
  const last = new Map<string, Instruction>();
  for (const instruction of stage.instructions) {
    const { name, keyword } = instruction;
    if (name !== 'CMD' && name !== 'ENTRYPOINT' && name !== 'HEALTHCHECK') continue;
    const before = last.get(name);
    if (before !== undefined) {
      const message = `Multiple ${before.keyword} instructions should not be used in the same stage because only the last one will be used`;
      reporter.report('MultipleInstructionsDisallowed', before, message);
    }
    last.set(name, instruction);
    if (name === 'HEALTHCHECK' || !instruction.shell || instruction.words.length === 0 || ownShell) continue;
    const message = `JSON arguments recommended for ${keyword} to prevent unintended behavior related to OS signals`;
    reporter.report('JSONArgsRecommended', instruction, message);
  }
}

function checkCasing(stages: readonly Stage[], reporter: CheckReporter): void {
  const all = stages.flatMap((stage) => [stage.from, ...stage.instructions]);
  const lower = all.filter(({ keyword }) => keyword === keyword.toLowerCase()).length;
  const upper = all.filter(({ keyword }) => keyword === keyword.toUpperCase()).length;
  const casing = lower > upper ? 'lowercase' : 'uppercase';
  for (const instruction of all) {
    const { keyword } = instruction;
    if (keyword === (lower > upper ? keyword.toLowerCase() : keyword.toUpperCase())) continue;
    const message = `Command '${keyword}' should match the case of the command majority (${casing})`;
    reporter.report('ConsistentInstructionCasing', instruction, message);
  }
}
