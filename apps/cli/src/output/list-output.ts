import { alignColumns, type Output } from '@gantry/terminal';
import { goJson } from './go-json.ts';

/** One row of a list: every field that a format may name, in the order of their names, and methods. */
export type Row = Readonly<Record<string, string | boolean | null | ((...values: unknown[]) => string)>>;

/** How a list looks when the user gives no format of his own. */
export interface ListView {
  /** The heading of each field. */
  readonly headings: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  /** What `--quiet` prints. */
  readonly quietField: string;
  /** What `raw` prints of a row, by label; lists without it know no such format. */
  readonly raw?: Readonly<Record<string, string>>;
  /** What Docker calls a row in errors of a format. */
  readonly typeName?: string;
  /** What Docker puts in front of them; `template parsing error` when missing. */
  readonly failures?: { readonly parsing: string; readonly rendering: string };
}

export interface ListOptions {
  /** Empty or `table`, `table TEMPLATE`, `json`, or a template. */
  readonly format: string;
  readonly quiet: boolean;
}

/**
 * Prints a list as Docker does: `quiet` is heeded where there is no format or a named one. Only a format of the user's own
 * loads the template engine.
 */
export async function printList(
  stdout: Output,
  view: ListView,
  rows: readonly Row[],
  { format, quiet }: ListOptions,
): Promise<void> {
  if (format === '' || format === 'table') {
    if (!quiet) return printTable(stdout, view, rows);
    const names = rows.map((row) => cell(row, view.quietField));
    return writeLines(stdout, names);
  }
  if (format === 'raw' && view.raw !== undefined) return writeLines(stdout, rawLines(view, rows, quiet));
  if (format === 'json') return writeLines(stdout, rows.map(goJson));
  const { renderRows } = await import('./row-template.ts');
  stdout.write(renderRows(format, view, rows));
}

function printTable(stdout: Output, view: ListView, rows: readonly Row[]): void {
  const lines = [
    view.columns.map((column) => view.headings[column] ?? '').join('\t'),
    ...rows.map((row) => view.columns.map((column) => cell(row, column)).join('\t')),
  ];
  stdout.write(`${alignColumns(lines.join('\n'))}\n`);
}

/** A line for each field and an empty one after each row; of `quiet` the name alone. */
function rawLines({ raw = {}, quietField }: ListView, rows: readonly Row[], quiet: boolean): string[] {
  const fields = Object.entries(raw).filter(([, field]) => !quiet || field === quietField);
  return rows.flatMap((row) => {
    const lines = fields.map(([label, field]) => rawLine(label, row[field]));
    return quiet ? lines : [...lines, ''];
  });
}

/** Docker leaves the space away only where these are empty. */
function rawLine(label: string, value: Row[string] | undefined): string {
  const text = typeof value === 'string' ? value : '';
  return text === '' && (label === 'labels' || label === 'ports') ? `${label}:` : `${label}: ${text}`;
}

function cell(row: Row, field: string): string {
  const value = row[field];
  if (typeof value !== 'string') return '';
  return value.includes('\t') || value.includes('\n') ? value.replace(/[\t\n]/g, ' ') : value;
}

function writeLines(stdout: Output, lines: readonly string[]): void {
  if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`);
}
