import { evaluate } from './evaluator.ts';
import { type TemplateFunction, templateFunctions } from './functions.ts';
import { parseTemplate } from './parser.ts';
import { type MapMarker, printValue, type Value } from './values.ts';

/** A compiled format template. */
export interface Template {
  /** The text for one value. Throws `TemplateError`. */
  render(data: Value): string;
}

export interface TemplateOptions {
  /** Fields whose keys are data (labels, ports): they print as `map[k:v]`, and a missing key is `<no value>`. */
  mapFields?: readonly string[];
  /** Fields that may be missing wherever they are asked for: nothing then (`<nil>`), and no error. */
  optionalFields?: readonly string[];
  /** Names the data in "can't evaluate field X in type …"; without it errors speak of a map's keys. */
  typeName?: string;
  /** Replace functions of the same name. */
  functions?: Readonly<Record<string, TemplateFunction>>;
}

/**
 * Compiles Go's text/template as far as Docker's `--format` needs it: fields, variables, pipelines, parentheses, if,
 * else, with, range, break, continue, trimming, comments, Go's functions and Docker's. Not `define` and `template`.
 * Functions among the data are methods. Throws `TemplateError` for a malformed text.
 */
export function compileTemplate(source: string, options: TemplateOptions = {}): Template {
  const marker: MapMarker = {
    mapFields: new Set(options.mapFields),
    optionalFields: new Set(options.optionalFields),
  };
  const functions = new Map([
    ...templateFunctions((value) => printValue(value, false, marker)),
    ...Object.entries(options.functions ?? {}),
  ]);
  const isFunction = (name: string): boolean => functions.has(name) || name === 'and' || name === 'or';
  const nodes = parseTemplate(source, isFunction);
  return {
    render: (data) => evaluate(nodes, data, { functions, marker, typeName: options.typeName ?? '' }),
  };
}
