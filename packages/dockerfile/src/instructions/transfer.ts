import { SyntaxProblem } from '../errors.ts';
import { type Heredoc, heredocMark } from '../text/heredoc.ts';
import type { Statement } from '../text/statements.ts';
import { readJsonForm } from '../words/json-form.ts';
import { splitBlanks } from '../words/words.ts';
import { type Flags, readFlags } from './flags.ts';
import type { AddInstruction, CopyInstruction, Transfer, Written } from './instruction.ts';

const common = { chown: 'text', chmod: 'text', link: 'boolean', exclude: 'list' } as const;
const ofAdd = { ...common, 'keep-git-dir': 'boolean', checksum: 'text', unpack: 'boolean' } as const;
const ofCopy = { ...common, from: 'text', parents: 'boolean' } as const;

/** Reads ADD. Throws `SyntaxProblem` in BuildKit's words. */
export function readAdd(statement: Statement, written: Written): AddInstruction {
  const paths = readPaths(statement, 'ADD');
  const flags = readFlags(statement.flags, ofAdd);
  return {
    ...written,
    name: 'ADD',
    ...transfer(paths, flags),
    checksum: flags.text('checksum'),
    ...(flags.has('keep-git-dir') && { keepGitDir: flags.boolean('keep-git-dir') }),
    ...(flags.has('unpack') && { unpack: flags.boolean('unpack') }),
  };
}

/** Reads COPY. Throws `SyntaxProblem` in BuildKit's words. */
export function readCopy(statement: Statement, written: Written): CopyInstruction {
  const paths = readPaths(statement, 'COPY');
  const flags = readFlags(statement.flags, ofCopy);
  return {
    ...written,
    name: 'COPY',
    ...transfer(paths, flags),
    from: flags.text('from'),
    parents: flags.boolean('parents'),
  };
}

interface Paths {
  readonly sources: readonly string[];
  readonly heredocs: readonly Heredoc[];
  readonly destination: string;
}

function readPaths(statement: Statement, name: string): Paths {
  const words = readJsonForm(statement.text) ?? splitBlanks(statement.text);
  const destination = words.at(-1);
  if (destination === undefined || words.length < 2) {
    throw new SyntaxProblem(
      `${name} requires at least two arguments, but only one was provided. Destination could not be determined`,
    );
  }
  if (heredocMark(destination) !== undefined)
    throw new SyntaxProblem(`${name} cannot accept a heredoc as a destination`);
  const bodies = new Map(statement.heredocs.map((heredoc) => [heredoc.name, heredoc]));
  const sources: string[] = [];
  const heredocs: Heredoc[] = [];
  for (const word of words.slice(0, -1)) {
    const body = bodies.get(heredocMark(word)?.name ?? '');
    if (body === undefined) sources.push(word);
    else heredocs.push(body);
  }
  return { sources, heredocs, destination };
}

function transfer(paths: Paths, flags: Flags): Transfer {
  return {
    ...paths,
    chown: flags.text('chown'),
    chmod: flags.text('chmod'),
    link: flags.boolean('link'),
    exclude: flags.list('exclude'),
  };
}
