import { compileTemplate, type Output, TemplateError } from '@gantry/terminal';
import { CommandError } from '../errors.ts';
import { failureText } from '../print-failure.ts';
import { indentJson } from './indent-json.ts';

/** Fields whose keys are data: they print as maps, and a key that is missing is no error. */
const mapFields = [
  'Annotations',
  'Config',
  'Containers',
  'Data',
  'DriverOpts',
  'ExposedPorts',
  'Labels',
  'Networks',
  'Options',
  'PortBindings',
  'Ports',
  'Status',
  'StorageOpt',
  'Sysctls',
  'Tmpfs',
  'Volumes',
];
/** Of those, the ones that are structs where they are found. */
const structs: ReadonlySet<string> = new Set(['Config', 'Status']);
/** Fields that Docker's types have and its answers leave out when they say nothing. */
const optionalFields = [
  'Health',
  'Healthcheck',
  'Init',
  'OomKillDisable',
  'PidsLimit',
  'Shell',
  'StopSignal',
  'StopTimeout',
];

/**
 * Prints what `read` resolves to for each name: as one array of indented JSON (compact with `json`), or each in `format`. What could not be
 * read is told at the end, after what could. Throws `CommandError` then.
 */
export async function printInspected(
  stdout: Output,
  names: readonly string[],
  { format, read }: { format: string; read: (name: string) => Promise<string> },
): Promise<void> {
  const render = format === '' || format === 'json' ? undefined : compileFormat(format);
  const texts: string[] = [];
  const failures: string[] = [];
  for (const name of names) {
    try {
      const text = await read(name);
      texts.push(render === undefined ? text : render(text));
    } catch (error) {
      failures.push(failureText(error));
    }
  }
  if (format === '') stdout.write(arrayOf(texts));
  else if (format === 'json') stdout.write(`[${texts.map(compactJson).join(',')}]\n`);
  else stdout.write(texts.length === 0 ? '\n' : texts.map((text) => `${text}\n`).join(''));
  if (failures.length > 0) throw new CommandError(1, failures.join('\n'));
}

function arrayOf(texts: readonly string[]): string {
  if (texts.length === 0) return '[]\n';
  return `[\n${texts.map((text) => `    ${indentJson(text, 1)}`).join(',\n')}\n]\n`;
}

function compileFormat(format: string): (json: string) => string {
  try {
    const template = compileTemplate(format, {
      mapFields: mapFields.filter((name) => !structs.has(name)),
      optionalFields,
    });
    return (json) => {
      try {
        return template.render(JSON.parse(json));
      } catch (error) {
        throw rephrase(error);
      }
    };
  } catch (error) {
    throw rephrase(error);
  }
}

function rephrase(error: unknown): unknown {
  return error instanceof TemplateError
    ? new CommandError(error.parsing ? 64 : 1, `template parsing error: ${error.message}`, { cause: error })
    : error;
}

function compactJson(json: string): string {
  return [...json.matchAll(/"(?:[^"\\]|\\.)*"|[^\s"]+/g)].join('');
}
