import { DockerfileError, SyntaxProblem, TextProblem } from '../errors.ts';
import type { Statement } from '../text/statements.ts';
import { suggestion } from '../text/suggestion.ts';
import { readJsonForm } from '../words/json-form.ts';
import { readKeyValues } from '../words/key-values.ts';
import { splitBlanks, splitWords } from '../words/words.ts';
import { readFlags } from './flags.ts';
import { readHealthcheck } from './healthcheck.ts';
import type { FromInstruction, Instruction, OnBuildInstruction, Written } from './instruction.ts';
import { readCommandLine, readRun } from './run.ts';
import { readAdd, readCopy } from './transfer.ts';

type Escape = '\\' | '`';
type Parser = (statement: Statement, written: Written, escape: Escape) => Instruction | FromInstruction;

const stageNameGrammar = /^[a-z][a-z0-9-_.]*$/;

const parsers: Readonly<Record<string, Parser>> = {
  ADD: readAdd,
  ARG: readArg,
  CMD: (statement, written) => ({ ...plain(statement, written), name: 'CMD', ...readCommandLine(statement) }),
  COPY: readCopy,
  ENTRYPOINT: (statement, written) => ({
    ...plain(statement, written),
    name: 'ENTRYPOINT',
    ...readCommandLine(statement),
  }),
  ENV: (statement, written, escape) => ({
    ...plain(statement, written),
    name: 'ENV',
    ...readKeyValues(statement.text, 'ENV', escape),
  }),
  EXPOSE: (statement, written) => ({
    ...plain(statement, written),
    name: 'EXPOSE',
    ports: atLeastOne(splitBlanks(statement.text), 'EXPOSE').toSorted(),
  }),
  FROM: readFrom,
  HEALTHCHECK: (statement, written) => ({
    ...written,
    name: 'HEALTHCHECK',
    healthcheck: readHealthcheck(statement),
  }),
  LABEL: (statement, written, escape) => ({
    ...plain(statement, written),
    name: 'LABEL',
    ...readKeyValues(statement.text, 'LABEL', escape),
  }),
  MAINTAINER: (statement, written) => ({
    ...plain(statement, written),
    name: 'MAINTAINER',
    maintainer: exactlyOne(statement, 'MAINTAINER'),
  }),
  ONBUILD: readOnBuild,
  RUN: readRun,
  SHELL: (statement, written) => ({
    ...plain(statement, written),
    name: 'SHELL',
    shell: readShell(statement),
  }),
  STOPSIGNAL: (statement, written) => ({
    ...plain(statement, written),
    name: 'STOPSIGNAL',
    signal: exactlyOne(statement, 'STOPSIGNAL'),
  }),
  USER: (statement, written) => ({
    ...plain(statement, written),
    name: 'USER',
    user: exactlyOne(statement, 'USER'),
  }),
  VOLUME: (statement, written) => ({
    ...plain(statement, written),
    name: 'VOLUME',
    volumes: readVolumes(statement),
  }),
  WORKDIR: (statement, written) => ({
    ...plain(statement, written),
    name: 'WORKDIR',
    path: exactlyOne(statement, 'WORKDIR'),
  }),
};

/** Understands one statement. Throws `DockerfileError` in BuildKit's words, with the statement's lines. */
export function parseInstruction(statement: Statement, escape: Escape): Instruction | FromInstruction {
  const { keyword, source, lines, comments } = statement;
  try {
    const name = keyword.toUpperCase();
    const parser = Object.hasOwn(parsers, name) ? parsers[name] : undefined;
    if (parser !== undefined) return parser(statement, { keyword, source, lines, comments }, escape);
    const hint = suggestion(keyword, Object.keys(parsers));
    throw new SyntaxProblem(`unknown instruction: ${keyword}${hint}`);
  } catch (problem) {
    if (!(problem instanceof SyntaxProblem)) throw problem;
    throw new DockerfileError(problem.message, lines, { isOfText: problem instanceof TextProblem });
  }
}

/** The instruction takes no flags. */
function plain(statement: Statement, written: Written): Written {
  readFlags(statement.flags, {});
  return written;
}

function readArg(statement: Statement, written: Written, escape: Escape): Instruction {
  const words = atLeastOne(splitWords(statement.text, escape), 'ARG');
  return { ...plain(statement, written), name: 'ARG', arguments: words.map(readArgument) };
}

function readArgument(word: string): { key: string; value?: string } {
  const at = word.indexOf('=');
  if (at < 0) return { key: word };
  if (at === 0) throw new SyntaxProblem('ARG names can not be blank');
  return { key: word.slice(0, at), value: word.slice(at + 1) };
}

function readFrom(statement: Statement, written: Written): FromInstruction {
  const [base = '', asKeyword = '', writtenName = '', ...more] = splitBlanks(statement.text);
  const named = asKeyword.toLowerCase() === 'as' && writtenName !== '' && more.length === 0;
  if (base === '' || (asKeyword !== '' && !named))
    throw new SyntaxProblem('FROM requires either one or three arguments');
  const stageName = writtenName.toLowerCase();
  if (named && !stageNameGrammar.test(stageName)) {
    const shown = JSON.stringify(writtenName);
    throw new SyntaxProblem(
      `invalid name for build stage: ${shown}, name can't start with a number or contain symbols`,
    );
  }
  const platform = readFlags(statement.flags, { platform: 'text' }).text('platform');
  return { ...written, name: 'FROM', base, stageName, writtenName, asKeyword, platform };
}

function readOnBuild(statement: Statement, written: Written): OnBuildInstruction {
  const [first = ''] = statement.text.split(/\s/, 1);
  const trigger = first.toUpperCase();
  if (trigger === '') throw new SyntaxProblem('ONBUILD requires at least one argument');
  if (trigger === 'ONBUILD') throw new SyntaxProblem("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger === 'MAINTAINER' || trigger === 'FROM')
    throw new SyntaxProblem(`${trigger} isn't allowed as an ONBUILD trigger`);
  const bodies = statement.heredocs.map(({ name, content }) => `\n${content}${name}`);
  const text = statement.source.replace(/^\s*ONBUILD\s*/i, '') + bodies.join('');
  return { ...plain(statement, written), name: 'ONBUILD', trigger: text };
}

function readShell(statement: Statement): string[] {
  const words = readJsonForm(statement.text);
  if (statement.text === '' || words?.length === 0)
    throw new SyntaxProblem('SHELL requires at least one argument');
  if (words !== undefined) return words;
  throw new SyntaxProblem('SHELL requires the arguments to be in JSON form');
}

function readVolumes(statement: Statement): string[] {
  const words = readJsonForm(statement.text) ?? splitBlanks(statement.text);
  const volumes = atLeastOne(words, 'VOLUME').map((word) => word.trim());
  if (volumes.includes('')) throw new SyntaxProblem('VOLUME specified can not be an empty string');
  return volumes;
}

function exactlyOne(statement: Statement, name: string): string {
  if (statement.text !== '') return statement.text;
  throw new SyntaxProblem(`${name} requires exactly one argument`);
}

function atLeastOne(words: readonly string[], name: string): readonly string[] {
  if (words.length > 0) return words;
  throw new SyntaxProblem(`${name} requires at least one argument`);
}
