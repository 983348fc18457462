import { compileTemplate, TemplateError } from '@gantry/terminal';
import { CommandError } from '../errors.ts';

const parseFailureCode = 64;

/** What Docker makes of a format that does not fit, where it is not the usual. */
export interface OneFailure {
  readonly prefix?: string;
  readonly exitCode?: number;
  /** The `json` of the format, where it is not plain. */
  readonly json?: (value: unknown) => string;
}

/** One value in a format of the user's own, `json` included. */
export function renderOne(
  format: string,
  value: unknown,
  typeName: string,
  failure: OneFailure = {},
): string {
  if (format === 'json') return JSON.stringify(value);
  try {
    return compileTemplate(format, {
      typeName,
      mapFields: ['Runtimes', 'Attributes', 'Details'],
      ...(failure.json === undefined ? {} : { functions: { json: failure.json } }),
    }).render(value);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const prefix = failure.prefix ?? (error.parsing ? 'template parsing error: ' : '');
    const exitCode = failure.exitCode ?? (error.parsing ? parseFailureCode : 1);
    throw new CommandError(exitCode, `${prefix}${error.message}`, { cause: error });
  }
}
