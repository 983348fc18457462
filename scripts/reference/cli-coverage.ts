import { refusalText, table } from './markdown.ts';

/** What `apps/cli/testing/probe/probe-flags.ts` prints. */
export interface ProbedCli {
  readonly commands: readonly ProbedCommand[];
  readonly globals: readonly { name: string; ignored: boolean }[];
}

interface ProbedCommand {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly hidden: boolean;
  readonly isBuilt: boolean;
  /** Empty when a plain call is carried out. */
  readonly refusal: string;
  readonly flags: readonly ProbedFlag[];
}

interface ProbedFlag {
  readonly name: string;
  readonly shorthand: string;
  readonly hidden: boolean;
  readonly refusal: string;
  readonly ignored: boolean;
}

/** Flags that a command takes and does not look at. */
export function cliBreaches({ commands, globals }: ProbedCli): string[] {
  const ofCommands = commands.flatMap(({ name, flags }) =>
    flags.filter(({ ignored }) => ignored).map((flag) => `gantry ${name} --${flag.name}`),
  );
  const ofProgram = globals.filter(({ ignored }) => ignored).map(({ name }) => `gantry --${name}`);
  return [...ofProgram, ...ofCommands].map(
    (flag) =>
      `${flag} is accepted and ignored; read it, refuse it with NotBuiltError, or call it rightly in apps/cli/testing/probe/sample-lines.ts`,
  );
}

export function cliCoverage({ commands, globals }: ProbedCli): string {
  const groups = [...new Set(commands.map(groupOf))];
  return [
    '# CLI coverage',
    '',
    "What becomes of every command and flag of docker's grammar (28 and 29), and of our own: it works, or it is refused with the error shown.",
    'Observed by `scripts/check-coverage.ts`, which calls each against an engine that refuses what the real one refuses; `npm run check`',
    'fails when a flag is accepted and ignored. Hidden flags are marked with °.',
    '',
    `Global flags: ${globals.map(({ name }) => `\`--${name}\``).join(', ')}.`,
    '',
    ...table(
      ['', 'commands', 'work', 'refused', 'flags of those that work', 'refused'],
      groups.map((group) => countsOf(group, commands)),
    ),
    '',
    ...groups.flatMap((group) =>
      groupLines(
        group,
        commands.filter((command) => groupOf(command) === group),
      ),
    ),
  ].join('\n');
}

function groupOf({ name }: ProbedCommand): string {
  return name.includes(' ') ? (name.split(' ')[0] ?? '') : 'without a group';
}

function countsOf(group: string, all: readonly ProbedCommand[]): string[] {
  const own = all.filter((command) => groupOf(command) === group);
  const working = own.filter(isWorking);
  const flags = working.flatMap((command) => command.flags);
  const counts = [
    own.length,
    working.length,
    own.length - working.length,
    flags.length,
    flags.filter(isRefused).length,
  ];
  return [group, ...counts.map(String)];
}

function groupLines(group: string, commands: readonly ProbedCommand[]): string[] {
  const refused = commands
    .filter((command) => !isWorking(command))
    .map(({ name, refusal }) => [`\`gantry ${name}\``, refusalText(refusal)]);
  return [
    `## ${group}`,
    '',
    ...commands.filter(isWorking).flatMap(commandLines),
    ...(refused.length > 0 ? [...table(['refused', 'error'], refused), ''] : []),
  ];
}

function commandLines({ name, aliases, flags }: ProbedCommand): string[] {
  const working = flags.filter((flag) => !isRefused(flag)).map(notation);
  const refused = flags.filter(isRefused).map((flag) => [notation(flag), refusalText(flag.refusal)]);
  const also = aliases.length > 0 ? ` Also ${aliases.map((alias) => `\`gantry ${alias}\``).join(', ')}.` : '';
  return [
    `### \`gantry ${name}\``,
    '',
    `Works.${also}`,
    ...(working.length > 0 ? [`Flags that work: ${working.join(', ')}.`] : []),
    '',
    ...(refused.length > 0 ? [...table(['refused', 'error'], refused), ''] : []),
  ];
}

function notation({ name, shorthand, hidden }: ProbedFlag): string {
  return `\`${shorthand === '' ? '' : `-${shorthand}/`}--${name}\`${hidden ? '°' : ''}`;
}

function isWorking({ isBuilt, refusal }: ProbedCommand): boolean {
  return isBuilt && refusal === '';
}

function isRefused({ refusal }: ProbedFlag): boolean {
  return refusal !== '';
}
