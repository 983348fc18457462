import type { CommandTable } from './command-spec.ts';
import { innerGroups } from './root-table.ts';

/** What can follow the words of a group: its commands, and groups within it, each with what it does. */
export function subcommands(
  group: string,
  table: CommandTable,
): (readonly [name: string, summary: string])[] {
  const own = table.filter(({ path, hidden }) => path.startsWith(`${group} `) && !hidden);
  const isWithin = (path: string): boolean =>
    Object.keys(innerGroups).some((inner) => inner !== group && path.startsWith(`${inner} `));
  const commands = own
    .filter(({ path }) => !isWithin(path))
    .map(({ path, summary }) => [path.slice(group.length + 1), summary] as const);
  const groups = Object.entries(innerGroups)
    .filter(
      ([inner]) => inner.startsWith(`${group} `) && own.some(({ path }) => path.startsWith(`${inner} `)),
    )
    .map(([inner, summary]) => [inner.slice(group.length + 1), summary] as const);
  return [...commands, ...groups];
}
