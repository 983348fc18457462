import { parseSignal } from '@gantry/containers';
import { type ExpandedText, expandText, type Lookup, nearest, type Written } from '@gantry/dockerfile';
import { type ConfigInstruction, readExposedPorts } from '@gantry/images';
import { remember } from './history.ts';
import { historyText } from './history-text.ts';
import type { StageWork } from './stage-build.ts';

/** Variables that a shell knows by itself: nobody has to define them. */
const shellVariables: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'HOSTNAME',
  'PWD',
  'SHELL',
  'TERM',
  'USER',
]);

/** Applies an instruction that changes the image's config. Throws `InvalidChangeError`, `SyntaxProblem`. */
export function applyConfig(work: StageWork, instruction: ConfigInstruction): void {
  const { build, state } = work;
  if (instruction.name === 'WORKDIR') checkWorkdir(work, instruction);
  if (instruction.name === 'EXPOSE') checkPorts(work, instruction);
  // ENV's values are all those from before it.
  const before = instruction.name === 'ENV' ? snapshotLookup(work) : state.lookup;
  state.draft.apply(instruction, (text) => expandIn(work, instruction, text, { lookup: before }));
  const { config } = state.draft;
  if (instruction.name === 'STOPSIGNAL') parseSignal(config.StopSignal ?? '');
  if (instruction.name === 'CMD' || instruction.name === 'ENTRYPOINT') config.ArgsEscaped = true;
  const known = (text: string): ExpandedText =>
    expandText(text, before, { escape: build.file.directives.escape });
  if (instruction.name === 'ENV') state.setVariables(instruction.pairs.map(({ key }) => known(key).text));
  const told = historyText(instruction, config, {
    text: (text) => known(text).text,
    words: (text) => known(text).words,
  });
  if (told !== undefined) remember(work, told, false);
  build.environment.logger.debug('config changed', { instruction: instruction.name });
}

/** Puts in variables of a stage, and reports those that are not defined. Throws `SyntaxProblem`. */
export function expandIn(
  { build, state }: StageWork,
  place: Written,
  text: string,
  { lookup = state.lookup, ...options }: { lookup?: Lookup; ignoreQuotes?: boolean } = {},
): ExpandedText {
  const expanded = expandText(text, lookup, { escape: build.file.directives.escape, ...options });
  for (const name of expanded.undefinedNames) {
    if (shellVariables.has(name) || state.arguments.has(name) || state.unsetArguments.has(name)) continue;
    const known = [
      ...state.arguments.keys(),
      ...(state.draft.config.Env ?? []).map((entry) => entry.slice(0, entry.indexOf('='))),
    ];
    const meant = nearest(name, known);
    const hint = meant === undefined ? '' : ` (did you mean $${meant}?)`;
    build.checks.report('UndefinedVar', place, `Usage of undefined variable '$${name}'${hint}`);
  }
  return expanded;
}

function snapshotLookup({ state }: StageWork): (name: string) => string | undefined {
  const frozen = state.copy();
  return frozen.lookup;
}

function checkWorkdir(
  { build, state }: StageWork,
  instruction: Extract<ConfigInstruction, { name: 'WORKDIR' }>,
): void {
  const { path } = instruction;
  const current = state.draft.config.WorkingDir ?? '';
  if (current !== '' || path.startsWith('/') || path.startsWith('$')) return;
  const message = `Relative workdir ${JSON.stringify(path)} can have unexpected results if the base image changes`;
  build.checks.report('WorkdirRelativePath', instruction, message);
}

function checkPorts(work: StageWork, instruction: Extract<ConfigInstruction, { name: 'EXPOSE' }>): void {
  const { checks } = work.build;
  for (const word of instruction.ports.flatMap((port) => expandIn(work, instruction, port).words)) {
    const { hasUpperCaseProtocol, namesHost } = readExposedPorts(word);
    if (hasUpperCaseProtocol) {
      const message = `Defined protocol '${word}' in EXPOSE instruction should be lowercase`;
      checks.report('ExposeProtoCasing', instruction, message);
    }
    if (namesHost) {
      const message = `EXPOSE instruction should not define an IP address or host-port mapping, found '${word}'`;
      checks.report('ExposeInvalidFormat', instruction, message);
    }
  }
}
