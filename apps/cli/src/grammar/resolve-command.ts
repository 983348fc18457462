import { CommandError } from '../errors.ts';
import type { CommandSpec, CommandTable } from './command-spec.ts';
import { groupAliases, groups, loadTable, rootCommands } from './root-table.ts';

/** What the words after the global flags name. */
export type Resolved =
  | {
      readonly kind: 'command';
      readonly spec: CommandSpec;
      readonly typed: string;
      readonly rest: readonly string[];
    }
  | {
      readonly kind: 'group';
      readonly name: string;
      readonly table: CommandTable;
      readonly rest: readonly string[];
    };

/** Finds the command. Throws `CommandError` for a word that is none. */
export async function resolveCommand(words: readonly string[]): Promise<Resolved> {
  const [first = '', second] = words;
  const canonical = rootCommands[first];
  if (canonical !== undefined && Object.hasOwn(rootCommands, first)) {
    const table = await loadTable(canonical.split(' ')[0] ?? '');
    const spec = table.find(({ path }) => path === canonical);
    if (spec !== undefined) return { kind: 'command', spec, typed: first, rest: words.slice(1) };
  }
  if (first === 'bake') return await resolveCommand(['buildx', ...words]);
  const group = groupAliases[first] ?? first;
  if (!groups.some(({ name }) => name === group)) {
    throw new CommandError(
      1,
      `gantry: unknown command: gantry ${first}\n\nRun 'gantry --help' for more information`,
    );
  }
  const table = await loadTable(group);
  if (second === undefined || second.startsWith('-')) {
    return { kind: 'group', name: first, table, rest: words.slice(1) };
  }
  const all = [...table, ...(await buildTable(group))];
  // The longest name counts: `history inspect attachment` is another command than `history inspect`.
  for (const length of [4, 3, 2]) {
    const typed = words.slice(0, length).join(' ');
    const path = [group, ...words.slice(1, length)].join(' ');
    const spec = all.find((candidate) => candidate.path === path || candidate.aliases?.includes(typed));
    if (spec !== undefined) return { kind: 'command', spec, typed, rest: words.slice(length) };
  }
  const typed = `${first} ${second}`;
  const inner = table.filter(({ path }) => path.startsWith(`${group} ${second} `));
  const [third = '--help'] = words.slice(2);
  if (inner.length > 0 && third.startsWith('-')) {
    return { kind: 'group', name: `${group} ${second}`, table: inner, rest: words.slice(2) };
  }
  throw new CommandError(
    1,
    `gantry: unknown command: gantry ${typed}\n\nUsage:  gantry ${first}\n\nRun 'gantry ${first} --help' for more information`,
  );
}

/** `builder build` is an image command by another name. */
async function buildTable(group: string): Promise<CommandTable> {
  return group === 'builder' ? await loadTable('image') : [];
}
