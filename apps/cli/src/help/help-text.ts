import type { CommandSpec, CommandTable } from '../grammar/command-spec.ts';
import { parseFlagSpecs } from '../grammar/flag-spec.ts';
import type { Resolved } from '../grammar/resolve-command.ts';
import {
  commonCommands,
  globalFlags,
  groups,
  innerGroups,
  loadAllTables,
  rootCommands,
} from '../grammar/root-table.ts';
import { subcommands } from '../grammar/subcommands.ts';
import { flagUsages } from './flag-usages.ts';

/** The help of the program, a group or a command, laid out as Docker's. */
export async function helpText(resolved: Resolved | undefined, columns: number): Promise<string> {
  if (resolved === undefined) return rootHelp(await loadAllTables(), columns);
  if (resolved.kind === 'group') return groupHelp(resolved.name, resolved.table);
  return commandHelp(resolved.spec, resolved.typed, columns);
}

function commandHelp(spec: CommandSpec, typed: string, columns: number): string {
  const sections = [`Usage:  gantry ${`${typed} ${spec.usage}`.trimEnd()}`, spec.summary];
  const names = [spec.path, ...(spec.aliases ?? [])];
  if (names.length > 1) sections.push(`Aliases:\n  ${names.map((name) => `gantry ${name}`).join(', ')}`);
  const flags = parseFlagSpecs(spec.flags ?? '');
  if (flags.some(({ hidden }) => !hidden)) sections.push(`Options:\n${flagUsages(flags, columns).trimEnd()}`);
  return `${sections.join('\n\n')}\n`;
}

function groupHelp(name: string, table: CommandTable): string {
  const summary = innerGroups[name] ?? groups.find((group) => group.name === name)?.summary ?? '';
  const rows = subcommands(name, table);
  return [
    `Usage:  gantry ${name} COMMAND`,
    summary,
    listing('Commands', rows),
    `Run 'gantry ${name} COMMAND --help' for more information on a command.\n`,
  ].join('\n\n');
}

function rootHelp(tables: CommandTable, columns: number): string {
  const summaries = new Map(tables.map(({ path, summary }) => [path, summary]));
  const rowsOf = (names: readonly string[]): Row[] =>
    names.map((name): Row => [name, summaries.get(rootCommands[name] ?? '') ?? '']);
  const others = Object.keys(rootCommands).filter((name) => !commonCommands.includes(name));
  const groupRows = (section: string): Row[] =>
    groups.filter((group) => group.section === section).map(({ name, summary }): Row => [name, summary]);
  return [
    'Usage:  gantry [OPTIONS] COMMAND',
    'A container engine that speaks Docker',
    listing('Common Commands', rowsOf(commonCommands), false),
    listing('Management Commands', groupRows('management')),
    listing('Swarm Commands', groupRows('swarm')),
    listing('Commands', rowsOf(others)),
    `Global Options:\n${flagUsages(parseFlagSpecs(globalFlags), columns).trimEnd()}`,
    "Run 'gantry COMMAND --help' for more information on a command.\n",
  ].join('\n\n');
}

type Row = readonly [name: string, summary: string];

const nameWidth = 11;

function listing(title: string, rows: readonly Row[], sorted: boolean = true): string {
  const ordered = sorted ? rows.toSorted(([left], [right]) => (left < right ? -1 : 1)) : rows;
  return [`${title}:`, ...ordered.map(([name, summary]) => `  ${name.padEnd(nameWidth)} ${summary}`)].join(
    '\n',
  );
}
