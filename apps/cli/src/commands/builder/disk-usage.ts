import { control } from '@gantry/buildkit';
import { alignColumns, formatGoTime, formatSize, formatTimeAgo } from '@gantry/terminal';
import type { CommandHandler } from '../../invocation.ts';
import { type ListView, printList, type Row } from '../../output/list-output.ts';
import { answerTime, withControl } from './control.ts';
import { timeOf } from './history-records.ts';

type Usage = control.UsageRecord;

const view: ListView = {
  quietField: 'ID',
  columns: ['ID', 'Reclaimable', 'Size', 'LastUsedAt'],
  headings: { ID: 'ID', Reclaimable: 'RECLAIMABLE', Size: 'SIZE', LastUsedAt: 'LAST ACCESSED' },
};

/** `gantry builder du`: the records of the build cache. */
export const builderDiskUsageCommand: CommandHandler = async (invocation) => {
  const { flags, stdout } = invocation;
  const format = flags.string('format');
  const filter = flags.list('filter');
  const isVerbose = flags.boolean('verbose');
  const signal = answerTime(invocation);
  const { record } = await withControl(invocation, (calls) =>
    calls.unary(control.Control.diskUsage, { filter }, { signal }),
  );
  if (format === 'json') {
    for (const usage of record) stdout.write(`${JSON.stringify(documentOf(usage))}\n`);
    return 0;
  }
  if (isVerbose) stdout.write(record.map(verboseText).join(''));
  else
    await printList(
      stdout,
      view,
      record.map((usage) => rowOf(usage, format !== '')),
      { format, quiet: false },
    );
  if (format === '') stdout.write(`${totals(record)}\n`);
  return 0;
};

function rowOf(usage: Usage, isPlain: boolean): Row {
  const marks = {
    mutable: usage.mutable && !isPlain ? '*' : '',
    shared: usage.shared && !isPlain ? '*' : '',
  };
  return {
    CreatedAt: formatGoTime(timeOf(usage.createdAt)),
    Description: usage.description,
    ID: `${usage.id}${marks.mutable}`,
    LastUsedAt: lastUsed(usage),
    Mutable: String(usage.mutable),
    Parents: usage.parents.join(','),
    Reclaimable: String(!usage.inUse),
    Shared: String(usage.shared),
    Size: `${formatSize(usage.size, 4)}${marks.shared}`,
    Type: usage.recordType,
    UsageCount: String(usage.usageCount),
  };
}

function documentOf(usage: Usage): object {
  return {
    CreatedAt: formatGoTime(timeOf(usage.createdAt)),
    Description: usage.description,
    ID: usage.id,
    LastUsedAt: lastUsed(usage),
    Mutable: usage.mutable,
    Parents: usage.parents.length > 0 ? usage.parents : null,
    Reclaimable: !usage.inUse,
    Shared: usage.shared,
    Size: formatSize(usage.size, 4),
    Type: usage.recordType,
    UsageCount: usage.usageCount,
  };
}

function lastUsed({ lastUsedAt }: Usage): string {
  return lastUsedAt === undefined ? '' : formatTimeAgo(timeOf(lastUsedAt), new Date());
}

function verboseText(usage: Usage): string {
  const row = rowOf(usage, true);
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const lines = [
    ['ID', text(row['ID'])],
    ...(usage.parents.length > 0 ? [['Parents', text(row['Parents'])]] : []),
    ['Created at', text(row['CreatedAt'])],
    ['Mutable', text(row['Mutable'])],
    ['Reclaimable', text(row['Reclaimable'])],
    ['Shared', text(row['Shared'])],
    ['Size', text(row['Size'])],
    ['Description', text(row['Description'])],
    ['Usage count', text(row['UsageCount'])],
    ...(usage.lastUsedAt === undefined ? [] : [['Last used', text(row['LastUsedAt'])]]),
    ['Type', text(row['Type'])],
  ];
  return `${alignColumns(lines.map(([name, value]) => `${name}:\t${value}`).join('\n'))}\n\n`;
}

function totals(records: readonly Usage[]): string {
  const sum = (wanted: (usage: Usage) => boolean): number =>
    records.filter(wanted).reduce((total, { size }) => total + size, 0);
  const shared = sum(({ shared: isShared }) => isShared);
  const total = sum(() => true);
  const parts: [string, number][] =
    shared > 0
      ? [
          ['Shared', shared],
          ['Private', total - shared],
        ]
      : [];
  parts.push(['Reclaimable', sum(({ inUse }) => !inUse)], ['Total', total]);
  return parts.map(([name, bytes]) => `${`${name}:`.padEnd(13)} ${formatSize(bytes, 4)}`).join('\n');
}
