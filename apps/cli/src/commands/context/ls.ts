import { truncate } from '@gantry/terminal';
import { defaultContext, defaultDescription } from '../../config/contexts/context.ts';
import { hostVariable } from '../../config/contexts/current-context.ts';
import type { CommandHandler } from '../../invocation.ts';
import { type ListView, printList, type Row } from '../../output/list-output.ts';
import { naturalOrder } from '../../output/natural-order.ts';
import { type KnownContexts, knownContexts } from './known-contexts.ts';
import { overrideWarning } from './manage.ts';

/** `gantry context ls`: the default one, the stored ones, and the one in use though it is gone. */
export const listCommand: CommandHandler = async (invocation) => {
  const { flags, globals, environment, stdout, stderr } = invocation;
  const quiet = flags.boolean('quiet');
  const format = quiet ? '' : flags.string('format');
  const isPlainTable = !quiet && (format === '' || format === 'table');
  const rows = contextRows(knownContexts(invocation)).map((row) =>
    isPlainTable && row['Current'] === true ? { ...row, Name: `${String(row['Name'])} *` } : row,
  );
  await printList(stdout, view, rows, { format, quiet });
  const variable = hostVariable(environment);
  if (variable !== undefined && globals.string('context') === '' && !quiet) {
    stderr.write(overrideWarning(variable, 'a context'));
  }
  return 0;
};

const view: ListView = {
  quietField: 'Name',
  typeName: '*formatter.clientContextContext',
  columns: ['Name', 'Description', 'DockerEndpoint', 'Error'],
  headings: {
    Description: 'DESCRIPTION',
    DockerEndpoint: 'DOCKER ENDPOINT',
    Error: 'ERROR',
    Name: 'NAME',
  },
};

/** Docker shows this much of why a context cannot be read. */
const maxErrorWidth = 45;

function contextRows({ store, current, read }: KnownContexts): Row[] {
  const row = (name: string, rest: Omit<Row, 'Current' | 'Name'>): Row => ({
    Current: name === current,
    Description: '',
    DockerEndpoint: '',
    Error: '',
    Name: name,
    ...rest,
  });
  const stored = store
    .list()
    .map(({ Name, Metadata, Endpoints }) =>
      row(Name, { Description: Metadata.Description ?? '', DockerEndpoint: Endpoints['docker']?.Host ?? '' }),
    );
  const isKnown = current === defaultContext || stored.some((known) => known['Name'] === current);
  const missing = isKnown ? [] : [row(current, { Error: failureOf(read, current) })];
  const { docker } = read(defaultContext).metadata.Endpoints;
  const first = row(defaultContext, { Description: defaultDescription, DockerEndpoint: docker?.Host ?? '' });
  return [first, ...stored, ...missing].toSorted((a, b) =>
    naturalOrder(String(a['Name']), String(b['Name'])),
  );
}

function failureOf(read: KnownContexts['read'], name: string): string {
  try {
    read(name);
    return '';
  } catch (error) {
    return truncate((error as Error).message, maxErrorWidth);
  }
}
