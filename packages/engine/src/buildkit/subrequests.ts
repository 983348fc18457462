import { BuildOptionNotBuiltError, type BuildOutline, InvalidBuildError, outlineOf } from '@gantry/builder';
import {
  CheckReporter,
  type CheckWarning,
  checkDockerfile,
  DockerfileError,
  type LineRange,
  parseCheckOptions,
  parseDockerfile,
} from '@gantry/dockerfile';
import type { BuildDefinition } from './build-error.ts';
import { sourceLines } from './source-lines.ts';

/** What a question to a frontend is answered with: `result.json`, `result.txt` and the like. */
export type SubrequestAnswer = ReadonlyMap<string, Uint8Array>;

type OutlineRequest = Parameters<typeof outlineOf>[1];

/** The questions that are answered, by the names of BuildKit's frontend. */
export const subrequestNames = [
  'frontend.lint',
  'frontend.outline',
  'frontend.targets',
  'frontend.subrequests.describe',
] as const;

/** Answers a question about a Dockerfile. Throws `BuildOptionNotBuiltError` for one that is not known, `DockerfileError`. */
export function answerSubrequest(
  name: string,
  definition: BuildDefinition,
  request: OutlineRequest,
): SubrequestAnswer {
  switch (name) {
    case 'frontend.lint':
      return lint(definition, request.buildArguments.get('BUILDKIT_DOCKERFILE_CHECK') ?? '');
    case 'frontend.outline':
      return outline(definition, outlineOf(definition.bytes, request));
    case 'frontend.targets':
      return targets(definition);
    case 'frontend.subrequests.describe':
      return describe();
    default:
      throw new BuildOptionNotBuiltError(`the question ${name} to a frontend`);
  }
}

/** What the text of a Dockerfile alone shows; what needs variables and images is told by a build. */
function lint(definition: BuildDefinition, checkOptions: string): SubrequestAnswer {
  const { warnings, failure } = findings(definition, checkOptions);
  const { name: filename, bytes } = definition;
  const info = { filename, language: 'Dockerfile', data: Buffer.from(bytes).toString('base64') };
  const told = warnings.map(({ name, description, url, message, lines }) => ({
    ruleName: name,
    description,
    url,
    detail: message,
    location: locationOf(lines),
  }));
  const error = failure && { message: failure.message, location: locationOf(failure.lines) };
  const text = warnings.map(
    ({ name, url, message, lines }) =>
      `\nWARNING: ${name} - ${url}\n${message}\n\n${sourceLines(definition, lines)}`,
  );
  return answer(
    { warnings: told.length === 0 ? null : told, sources: [info], ...(error && { buildError: error }) },
    text.join(''),
    { 'result.statuscode': warnings.length > 0 || error !== undefined ? '1' : '0' },
  );
}

function findings(
  { bytes }: BuildDefinition,
  checkOptions: string,
): { warnings: readonly CheckWarning[]; failure?: DockerfileError } {
  try {
    const file = parseDockerfile(bytes);
    const reporter = new CheckReporter(parseCheckOptions(checkOptions || (file.directives.check ?? '')));
    checkDockerfile(file, reporter);
    return { warnings: reporter.warnings.toSorted((a, b) => a.lines.first - b.lines.first) };
  } catch (error) {
    if (error instanceof DockerfileError) return { warnings: [], failure: error };
    throw error;
  }
}

function locationOf({ first, last }: LineRange): object {
  return { ranges: [{ start: { line: first }, end: { line: last } }] };
}

function targets({ bytes }: BuildDefinition): SubrequestAnswer {
  const { stages } = parseDockerfile(bytes);
  const last = stages.at(-1);
  if (last === undefined) throw new InvalidBuildError('the Dockerfile has no stage');
  const list = stages.map((stage) => ({
    ...(stage.from.stageName !== '' && { name: stage.from.stageName }),
    ...(stage === last && { default: true }),
    ...describedBy(stage.from.comments, stage.from.stageName),
    base: stage.from.base,
    ...(stage.from.platform !== '' && { platform: stage.from.platform }),
    location: locationOf(stage.from.lines),
  }));
  const rows = list.map(({ name = '', default: isDefault = false, description = '' }) => [
    isDefault ? `${name} (default)`.trim() : name,
    description,
  ]);
  const width = Math.max(...rows.map(([name = '']) => name.length), 'TARGET'.length) + 1;
  const text = [['TARGET', 'DESCRIPTION'], ...rows].map(
    ([name = '', told = '']) => `${name.padEnd(width)}${told}\n`,
  );
  return answer({ targets: list, sources: [Buffer.from(bytes).toString('base64')] }, text.join(''));
}

function outline({ bytes }: BuildDefinition, told: BuildOutline): SubrequestAnswer {
  const { name, description, arguments: all, secrets, ssh } = told;
  const loans = (list: BuildOutline['secrets']) =>
    list.map((loan) => ({
      name: loan.name,
      ...(loan.required && { required: true }),
      location: locationOf(loan.lines),
    }));
  const args = all.map((argument) => ({
    name: argument.name,
    ...(argument.description !== '' && { description: argument.description }),
    ...(argument.value && { value: argument.value }),
    location: locationOf(argument.lines),
  }));
  const json = {
    ...(name !== '' && { name }),
    ...(description !== '' && { description }),
    ...(args.length > 0 && { args }),
    ...(secrets.length > 0 && { secrets: loans(secrets) }),
    ...(ssh.length > 0 && { ssh: loans(ssh) }),
    sources: [Buffer.from(bytes).toString('base64')],
  };
  const head = [
    ['TARGET:', name || '(default)'],
    ...(description === '' ? [] : [['DESCRIPTION:', description]]),
  ];
  const rows = all.map((argument) => [argument.name, argument.value ?? '', argument.description]);
  const loanRows = (list: BuildOutline['secrets']) =>
    list.map((loan) => [loan.name, loan.required ? 'true' : '']);
  const tables = [
    columns(head, 1),
    table(['BUILD ARG', 'VALUE', 'DESCRIPTION'], rows),
    table(['SECRET', 'REQUIRED'], loanRows(secrets)),
    table(['SSH', 'REQUIRED'], loanRows(ssh)),
  ];
  return answer(
    json,
    tables
      .filter((text) => text !== '')
      .map((text) => `${text}\n`)
      .join(''),
  );
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : columns([heading, ...rows], 3);
}

/** Lines whose cells, but for the last, are as wide as the widest of their column and `gap` more. */
function columns(rows: readonly (readonly string[])[], gap: number): string {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)) + gap) ?? [];
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('');
  return rows.map((row) => `${line(row)}\n`).join('');
}

/** A comment right above that begins with the stage's name is its description. */
function describedBy(comments: readonly string[], name: string): { description?: string } {
  const text = comments.join(' ').trim();
  if (name === '' || !text.toLowerCase().startsWith(`${name} `)) return {};
  return { description: text.slice(name.length + 1) };
}

function describe(): SubrequestAnswer {
  const list = subrequestNames.map((name) => ({ name, version, type: 'rpc', description: '' }));
  return answer(list, subrequestNames.map((name) => `${name}\n`).join(''));
}

const version = '1.0.0';

function answer(json: object, text: string, more: Readonly<Record<string, string>> = {}): SubrequestAnswer {
  const all = { 'result.json': JSON.stringify(json, undefined, 2), 'result.txt': text, version, ...more };
  return new Map(Object.entries(all).map(([name, value]) => [name, Buffer.from(value)]));
}
