import { control } from '@gantry/buildkit';
import { formatPlatform } from '@gantry/oci';
import { alignColumns, formatBinarySize, truncate } from '@gantry/terminal';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { type ListView, printList } from '../../output/list-output.ts';
import { answerTime, withControl } from './control.ts';

type Worker = control.ListWorkersResponse['record'][number];

const builderName = 'default';
const driver = 'docker';
const platformColumns = 40;

const view: ListView = {
  quietField: 'Name',
  columns: ['Name', 'DriverEndpoint', 'Status', 'Buildkit', 'Platforms'],
  headings: {
    Name: 'NAME/NODE',
    DriverEndpoint: 'DRIVER/ENDPOINT',
    Status: 'STATUS',
    Buildkit: 'BUILDKIT',
    Platforms: 'PLATFORMS',
  },
};

/** `gantry builder ls`: there is one, the engine's own. */
export const builderListCommand: CommandHandler = async (invocation) => {
  const { flags, stdout } = invocation;
  const format = flags.string('format');
  const isWhole = flags.boolean('no-trunc');
  const worker = await firstWorker(invocation);
  if (format === 'json') {
    stdout.write(`${JSON.stringify(documentOf(worker))}\n`);
    return 0;
  }
  const platforms = platformsOf(worker).join(', ');
  const rows = [
    { Name: `${builderName}*`, DriverEndpoint: driver, Status: '', Buildkit: '', Platforms: '' },
    {
      Name: ` \\_ ${builderName}`,
      DriverEndpoint: ` \\_ ${builderName}`,
      Status: 'running',
      Buildkit: versionOf(worker),
      Platforms: isWhole ? platforms : truncate(platforms, platformColumns),
    },
  ];
  await printList(stdout, view, rows, { format, quiet: false });
  return 0;
};

/** `gantry builder inspect`. */
export const builderInspectCommand: CommandHandler = async (invocation) => {
  const { args, flags, stdout } = invocation;
  const [name = builderName] = args;
  if (name !== builderName) throw new CommandError(1, `ERROR: no builder ${JSON.stringify(name)} found`);
  // It runs when it answers.
  flags.boolean('bootstrap');
  const worker = await firstWorker(invocation);
  const head = [`Name:\t${builderName}`, `Driver:\t${driver}`];
  const node = [
    `Name:\t${builderName}`,
    `Endpoint:\t${builderName}`,
    'Status:\trunning',
    `BuildKit version:\t${versionOf(worker)}`,
    `Platforms:\t${platformsOf(worker).join(', ')}`,
  ];
  const labels = [...worker.labels].map(([key, value]) => ` ${key}: ${value}`);
  const parts = [
    alignColumns(head.join('\n')),
    '\nNodes:',
    alignColumns(node.join('\n')),
    ...(labels.length > 0 ? ['Labels:', ...labels] : []),
    ...worker.gcPolicy.map(policyText),
  ];
  stdout.write(`${parts.join('\n')}\n`);
  return 0;
};

async function firstWorker(invocation: Invocation): Promise<Worker> {
  const signal = answerTime(invocation);
  const { record } = await withControl(invocation, (calls) =>
    calls.unary(control.Control.listWorkers, {}, { signal }),
  );
  const [worker] = record;
  if (worker === undefined) throw new CommandError(1, 'ERROR: the engine has no worker');
  return worker;
}

function versionOf({ buildkitVersion }: Worker): string {
  return buildkitVersion?.version ?? '';
}

function platformsOf({ platforms }: Worker): string[] {
  return platforms.map(({ os, architecture, variant }) =>
    formatPlatform({ os, architecture, ...(variant !== '' && { variant }) }),
  );
}

function documentOf(worker: Worker): object {
  const node = {
    Endpoint: builderName,
    GCPolicy: worker.gcPolicy.map((policy) => ({
      all: policy.all,
      filter: policy.filters.length > 0 ? policy.filters : null,
      keepDuration: Number(policy.keepDuration),
      maxUsedSpace: policy.maxUsedSpace,
      minFreeSpace: policy.minFreeSpace,
      reservedSpace: policy.reservedSpace,
    })),
    IDs: [worker.id],
    Labels: Object.fromEntries(worker.labels),
    Name: builderName,
    Platforms: platformsOf(worker),
    Status: 'running',
    Version: versionOf(worker),
  };
  return { Current: true, Driver: driver, Dynamic: false, Name: builderName, Nodes: [node] };
}

function policyText(policy: Worker['gcPolicy'][number], index: number): string {
  const facts: [string, string][] = [
    ['All', String(policy.all)],
    ...(policy.filters.length > 0 ? [['Filters', policy.filters.join(',')] as [string, string]] : []),
    ...(policy.keepDuration > 0n
      ? [['Keep Duration', `${Number(policy.keepDuration) / nsPerHour}h0m0s`] as [string, string]]
      : []),
    ...sizes(policy),
  ];
  const lines = facts.map(([name, value]) => ` ${name}:\t${value}`);
  return `GC Policy rule#${index}:\n${alignColumns(lines.join('\n'))}`;
}

function sizes({
  reservedSpace,
  maxUsedSpace,
  minFreeSpace,
}: Worker['gcPolicy'][number]): [string, string][] {
  const all: [string, number][] = [
    ['Reserved Space', reservedSpace],
    ['Max Used Space', maxUsedSpace],
    ['Min Free Space', minFreeSpace],
  ];
  return all.filter(([, bytes]) => bytes > 0).map(([name, bytes]) => [name, formatBinarySize(bytes)]);
}

const nsPerHour = 3600e9;
