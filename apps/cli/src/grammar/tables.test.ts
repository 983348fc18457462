import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { builtCommands, findHandler } from '../commands/built-commands.ts';
import type { CommandSpec } from './command-spec.ts';
import { type FlagSpec, parseFlagSpecs } from './flag-spec.ts';
import { flagType } from './flag-types.ts';
import { FlagValues } from './flag-values.ts';
import { globalFlags, groups, loadAllTables, loadTable, rootCommands } from './root-table.ts';

interface ReferenceCommand {
  readonly command: string;
  readonly usage: string;
  readonly aliases: readonly string[];
  readonly flags: readonly string[];
}

const docker = readReference('docker-commands.txt');
/** What buildx has or has otherwise: it takes the place of docker's own commands. */
const buildx = readReference('buildx-commands.txt');
const reference = withBuildx();
const own = ['completion', 'registry', 'system doctor', 'system fsck'];
const ownFlags: Readonly<Record<string, readonly string[]>> = { 'image pull': ['--verify'] };
const tables = await loadAllTables();

/** Commands: path | usage | aliases | flags, one a line. */
function readReference(file: string): ReferenceCommand[] {
  const lines = readFileSync(path.join(import.meta.dirname, 'fixtures', file), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [command = '', usage = '', aliases = '', flags = ''] =
      /^(.*?) \| (.*) \| (.*) \| (.*)$/
        .exec(line)
        ?.slice(1)
        .map((part) => part.trim()) ?? [];
    return { command, usage, aliases: split(aliases), flags: split(flags) };
  });
}

function withBuildx(): ReferenceCommand[] {
  const merged = new Map(docker.map((known) => [known.command, known]));
  for (const known of buildx) {
    const flags = [...(merged.get(known.command)?.flags ?? []), ...known.flags];
    const byName = new Map(flags.map((flag) => [/--[a-z-]+/.exec(flag)?.[0], flag]));
    merged.set(known.command, { ...known, flags: [...byName.values()] });
  }
  return [...merged.values()];
}

function split(text: string): string[] {
  return text === '' ? [] : text.split(', ');
}

function notation({ name, shorthand, type, defaultValue }: FlagSpec): string {
  const letter = shorthand === undefined ? '' : `-${shorthand}/`;
  const kind = type === 'bool' ? '' : ` ${type}`;
  return `${letter}--${name}${kind}${defaultValue === undefined ? '' : `=${defaultValue}`}`;
}

const visibleFlags = (spec: CommandSpec): FlagSpec[] =>
  parseFlagSpecs(spec.flags ?? '').filter(({ hidden }) => !hidden);

test('has all 126 commands and 732 flags of docker, those of buildx, and nothing more but our own', () => {
  assert.equal(docker.length, 126);
  assert.equal(docker.flatMap(({ flags }) => flags).length, 732);
  const expected = [...reference.map(({ command }) => command), ...own].toSorted();
  assert.deepEqual(tables.map(({ path: command }) => command).toSorted(), expected);
});

test('has the flags of each with letters, types and defaults, its usage and its aliases', () => {
  for (const { command, usage, aliases, flags } of reference) {
    const spec = tables.find((candidate) => candidate.path === command);
    assert.ok(spec, command);
    const expected = [...flags, ...(ownFlags[command] ?? [])];
    assert.deepEqual(visibleFlags(spec).map(notation).toSorted(), expected.toSorted(), command);
    assert.deepEqual((spec.aliases ?? []).toSorted(), aliases, command);
    if (command !== 'container cp') assert.equal(spec.usage, usage, command);
  }
});

test('has every type that a flag names, and a default that fits it', () => {
  for (const spec of tables) {
    const flags = parseFlagSpecs(spec.flags ?? '');
    const values = new FlagValues(flags);
    for (const { name, type, defaultValue } of flags) {
      if (defaultValue !== undefined) flagType(type).check?.(defaultValue);
      assert.doesNotThrow(() => values.string(name), `${spec.path} --${name}`);
    }
  }
});

test('gives no two flags of a command one name or one letter', () => {
  for (const { path: command, flags } of [...tables, { path: 'global', flags: globalFlags }]) {
    const specs = parseFlagSpecs(flags ?? '');
    const names = [...specs.map(({ name }) => name), ...specs.flatMap(({ shorthand }) => shorthand ?? [])];
    assert.equal(new Set(names).size, names.length, command);
  }
});

test('knows for every command without a group what it stands for', () => {
  const expected = tables.flatMap(({ path: command, aliases }) =>
    [command, ...(aliases ?? [])]
      .filter((name) => !name.includes(' '))
      .map((name) => [name, command] as const),
  );
  assert.deepEqual(Object.entries(rootCommands).toSorted(byName), expected.toSorted(byName));
});

test('finds every command in the table of its first word', async () => {
  for (const { path: command } of tables) {
    const table = await loadTable(command.split(' ')[0] ?? '');
    assert.ok(
      table.some((spec) => spec.path === command),
      command,
    );
  }
});

test('has a group for every first word', () => {
  const words = new Set(
    tables
      .filter(({ path: command }) => command.includes(' '))
      .map(({ path: command }) => command.split(' ')[0]),
  );
  assert.deepEqual(Array.from(words, String).toSorted(), groups.map(({ name }) => name).toSorted());
});

test('loads a handler for every command that is said to be built, all of them in the grammar', async () => {
  for (const command of builtCommands()) {
    assert.ok(
      tables.some((spec) => spec.path === command),
      command,
    );
    assert.equal(typeof (await findHandler(command)), 'function', command);
  }
  assert.equal(await findHandler('swarm init'), undefined);
});

function byName([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}
