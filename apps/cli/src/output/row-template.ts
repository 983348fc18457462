import { alignColumns, compileTemplate, TemplateError } from '@gantry/terminal';
import { CommandError } from '../errors.ts';
import { goJson } from './go-json.ts';
import type { ListView, Row } from './list-output.ts';

/** The rows in a format of the user's own; with `table ` in front, aligned under headings made from the same template. */
export function renderRows(format: string, view: ListView, rows: readonly Row[]): string {
  const isTable = format.startsWith('table ') || format.startsWith('table\t');
  const body = (isTable ? format.slice('table '.length) : format)
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
  const rowSet = new Set<unknown>(rows);
  try {
    const template = compileTemplate(body, {
      ...(view.typeName === undefined ? {} : { typeName: view.typeName }),
      functions: { json: (value) => (rowSet.has(value) ? goJson(value) : JSON.stringify(value ?? null)) },
    });
    const lines = rows.map((row) => template.render(row));
    if (!isTable) return lines.map((line) => `${line}\n`).join('');
    return `${alignColumns([headingOf(body, view), ...lines].join('\n'))}\n`;
  } catch (error) {
    throw rephrase(error, view);
  }
}

/** Turns a template's failure into what Docker prints. */
function rephrase(error: unknown, { failures }: ListView): unknown {
  if (!(error instanceof TemplateError)) return error;
  const { parsing, rendering } = failures ?? defaultFailures;
  return new CommandError(1, `${error.parsing ? parsing : rendering}: ${error.message}`, { cause: error });
}

const defaultFailures = { parsing: 'template parsing error', rendering: 'template parsing error' };

function headingOf(body: string, view: ListView): string {
  const same = (value: unknown): unknown => value;
  const functions = {
    json: nameOnly,
    split: same,
    join: same,
    title: same,
    lower: same,
    upper: same,
    pad: same,
    truncate: same,
  };
  const label = (name: unknown): string => String(name).split('.').at(-1)?.replaceAll(/[-_]/g, ' ') ?? '';
  try {
    return compileTemplate(body, { functions }).render({ ...view.headings, Label: label });
  } catch (error) {
    // What cannot be put over a column has no heading; the rows tell what is wrong with it.
    if (error instanceof TemplateError) return '';
    throw error;
  }
}

/** A heading stands for a field, not for a whole row. */
function nameOnly(value: unknown): unknown {
  if (typeof value === 'string') return value;
  throw new TemplateError('a heading is asked for no field', false);
}
