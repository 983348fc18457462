import { compileTemplate, TemplateError } from '@gantry/terminal';
import { CommandError } from '../errors.ts';

const parseFailureCode = 64;

/** One value in a format of the user's own, `json` included. */
export function renderOne(format: string, value: unknown, typeName: string): string {
  if (format === 'json') return JSON.stringify(value);
  try {
    return compileTemplate(format, { typeName, mapFields: ['Runtimes', 'Attributes', 'Details'] }).render(
      value,
    );
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const message = error.parsing ? `template parsing error: ${error.message}` : error.message;
    throw new CommandError(error.parsing ? parseFailureCode : 1, message, { cause: error });
  }
}
