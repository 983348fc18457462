import type { CommandSpec, CommandTable } from '../../grammar/command-spec.ts';
import { parseFlagSpecs } from '../../grammar/flag-spec.ts';
import { globalFlags, groups, innerGroups, rootCommands } from '../../grammar/root-table.ts';
import { subcommands } from '../../grammar/subcommands.ts';

/** What can follow a command's words. */
export interface CompletionNode {
  /** `''` for the program itself, else `container`, `container ls`, `ps`. */
  readonly path: string;
  /** Subcommands with what they do. */
  readonly commands: readonly (readonly [name: string, summary: string])[];
  readonly flags: readonly CompletionFlag[];
  /** A command line that lists the possible arguments. */
  readonly argumentsFrom: string | undefined;
}

export interface CompletionFlag {
  readonly name: string;
  readonly shorthand: string | undefined;
  readonly help: string;
  readonly takesValue: boolean;
}

const lists: Readonly<Record<NonNullable<CommandSpec['completes']>, string>> = {
  containers: "gantry ps -a --format '{{.Names}}'",
  images: "gantry images --format '{{.Repository}}:{{.Tag}}'",
  networks: "gantry network ls --format '{{.Name}}'",
  'networks and containers': "gantry network ls --format '{{.Name}}'; gantry ps -a --format '{{.Names}}'",
  volumes: 'gantry volume ls -q',
};

/** The grammar as a list of places where words are completed. */
export function completionNodes(tables: CommandTable): CompletionNode[] {
  const visible = tables.filter(({ hidden }) => !hidden);
  const byPath = new Map(visible.map((spec) => [spec.path, spec]));
  const rootRows = Object.entries(rootCommands).map(
    ([name, path]) => [name, byPath.get(path)?.summary ?? ''] as const,
  );
  const root: CompletionNode = {
    path: '',
    commands: [...rootRows, ...groups.map(({ name, summary }) => [name, summary] as const)].toSorted(byName),
    flags: flagsOf(globalFlags),
    argumentsFrom: undefined,
  };
  const groupNames = [...groups.map(({ name }) => name), ...Object.keys(innerGroups)];
  const groupNodes = groupNames.map(
    (name): CompletionNode => ({
      path: name,
      commands: subcommands(name, visible),
      flags: [],
      argumentsFrom: undefined,
    }),
  );
  const leaves = visible.flatMap((spec) =>
    [spec.path, ...(spec.aliases ?? [])].map(
      (path): CompletionNode => ({
        path,
        commands: [],
        flags: flagsOf(spec.flags ?? ''),
        argumentsFrom: spec.completes === undefined ? undefined : lists[spec.completes],
      }),
    ),
  );
  return [root, ...groupNodes, ...leaves];
}

function flagsOf(text: string): CompletionFlag[] {
  return parseFlagSpecs(text)
    .filter(({ hidden }) => !hidden)
    .map(({ name, shorthand, help, type }) => ({ name, shorthand, help, takesValue: type !== 'bool' }));
}

function byName([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}
