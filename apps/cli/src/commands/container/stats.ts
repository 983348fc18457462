import type { ContainerStatsResponse } from '@gantry/api-types';
import { type ApiClient, containerStats, listContainers } from '@gantry/client';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { printList } from '../../output/list-output.ts';
import { type StatsEntry, statsRow, statsView } from '../../output/stats-rows.ts';
import { failureText } from '../../print-failure.ts';

/** `gantry stats`. */
export const statsCommand: CommandHandler = async (invocation) => {
  const { flags, args, engine } = invocation;
  const client = await engine();
  if (flags.boolean('no-stream')) return await printOnce(invocation, client);
  const { LiveStats } = await import('../../streams/live-stats.ts');
  using live = new LiveStats(client, {
    stdout: invocation.stdout,
    all: flags.boolean('all'),
    render: (rows) => render(invocation, rows),
  });
  await live.run(args);
  return 0;
};

async function printOnce(invocation: Invocation, client: ApiClient): Promise<number> {
  const { args, flags, stdout } = invocation;
  const names = args.length > 0 ? args : await runningContainers(client, flags.boolean('all'));
  const outcomes = await Promise.allSettled(names.map((name) => oneSample(client, name)));
  const entries = names.flatMap((name, index): StatsEntry[] => {
    const outcome = outcomes[index];
    return outcome?.status === 'fulfilled' ? [[name, outcome.value]] : [];
  });
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [failureText(outcome.reason)] : [],
  );
  if (failures.length > 0 && args.length > 0) throw new CommandError(1, failures.join('\n'));
  stdout.write(await render(invocation, entries));
  return 0;
}

async function oneSample(client: ApiClient, name: string): Promise<ContainerStatsResponse | undefined> {
  for await (const sample of await containerStats(client, name, { stream: false })) return sample;
  return undefined;
}

async function runningContainers(client: ApiClient, all: boolean): Promise<string[]> {
  return (await listContainers(client, { all })).map(({ Id: id = '' }) => id);
}

/** The table as text. */
async function render({ flags, stdout }: Invocation, entries: readonly StatsEntry[]): Promise<string> {
  const full = flags.boolean('no-trunc');
  const lines: string[] = [];
  const target = {
    isTerminal: stdout.isTerminal,
    write: (data: string | Uint8Array) => void lines.push(String(data)),
  };
  const rows = entries.map(([name, stats]) => statsRow(full ? name : shortName(name), stats, { full }));
  await printList(target, statsView, rows, { format: flags.string('format'), quiet: false });
  return lines.join('');
}

/** An id that nobody typed is shown short. */
function shortName(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name;
}
