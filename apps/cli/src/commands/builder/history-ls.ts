import { formatNanoTime, formatTimeAgo, truncate } from '@gantry/terminal';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { type ListView, printList, type Row } from '../../output/list-output.ts';
import { withControl } from './control.ts';
import {
  type BuildRecord,
  listRecords,
  recordDuration,
  recordName,
  recordStatus,
  timeNs,
  timeOf,
} from './history-records.ts';
import { readLocalRecord } from './local-records.ts';

const view: ListView = {
  quietField: 'Ref',
  columns: ['Ref', 'Name', 'Status', 'CreatedAt', 'Duration'],
  headings: {
    Ref: 'BUILD ID',
    Name: 'NAME',
    Status: 'STATUS',
    CreatedAt: 'CREATED AT',
    Duration: 'DURATION',
  },
};
const nameColumns = 38;

/** `gantry builder history ls`. */
export const historyListCommand: CommandHandler = async (invocation) => {
  const { flags, stdout } = invocation;
  const filters = parseFilters(flags.list('filter'));
  for (const name of filters.keys()) {
    if (name !== 'status' && name !== 'ref')
      throw new CommandError(1, `ERROR: unknown filter ${JSON.stringify(name)}`);
  }
  const format = flags.string('format');
  const options = { isWhole: flags.boolean('no-trunc'), isLocal: flags.boolean('local') };
  const all = await withControl(invocation, (calls) => listRecords(calls));
  const records = all.filter((record) => isWanted(invocation, record, { filters, ...options }));
  if (format === 'json') {
    for (const record of records) stdout.write(`${JSON.stringify(documentOf(record, invocation))}\n`);
    return 0;
  }
  const rows = records.map((record) => rowOf(record, nameOf(record, invocation), options.isWhole));
  await printList(stdout, view, rows, { format, quiet: false });
  return 0;
};

function isWanted(
  invocation: Invocation,
  record: BuildRecord,
  { filters, isLocal }: { filters: ReadonlyMap<string, readonly string[]>; isLocal: boolean },
): boolean {
  const statuses = filters.get('status') ?? [];
  const refs = filters.get('ref') ?? [];
  if (statuses.length > 0 && !statuses.includes(recordStatus(record).toLowerCase())) return false;
  if (refs.length > 0 && !refs.includes(record.ref)) return false;
  if (!isLocal) return true;
  const place = readLocalRecord(invocation.configDirectory, record.ref)?.LocalPath ?? '';
  const here = process.cwd();
  return place === here || place.startsWith(`${here}/`);
}

function nameOf(record: BuildRecord, { configDirectory }: Invocation): string {
  return recordName(record, readLocalRecord(configDirectory, record.ref)?.LocalPath);
}

function rowOf(record: BuildRecord, name: string, isWhole: boolean): Row {
  return {
    Ref: record.ref,
    Name: isWhole ? name : truncate(name, nameColumns),
    Status: recordStatus(record),
    CreatedAt: isWhole
      ? formatNanoTime(timeNs(record.createdAt))
      : formatTimeAgo(timeOf(record.createdAt), new Date()),
    Duration: recordDuration(record, Date.now()),
  };
}

function documentOf(record: BuildRecord, invocation: Invocation): object {
  return {
    cached_steps: record.numCachedSteps,
    ...(record.completedAt && { completed_at: timeOf(record.completedAt).toISOString() }),
    completed_steps: record.numCompletedSteps,
    created_at: timeOf(record.createdAt).toISOString(),
    name: nameOf(record, invocation),
    ref: `default/default/${record.ref}`,
    status: recordStatus(record),
    total_steps: record.numTotalSteps,
  };
}
