import type { ContainerBlkioStatEntry, ContainerStatsResponse } from '@gantry/api-types';
import { formatBinarySize, formatSize, shortId } from '@gantry/terminal';
import type { ListView, Row } from './list-output.ts';

/** A container as the user named it, and its last sample. */
export type StatsEntry = readonly [name: string, stats: ContainerStatsResponse | undefined];

/** How `gantry stats` looks. */
export const statsView: ListView = {
  typeName: '*container.statsContext',
  headings: {
    Container: 'CONTAINER',
    ID: 'CONTAINER ID',
    Name: 'NAME',
    CPUPerc: 'CPU %',
    MemUsage: 'MEM USAGE / LIMIT',
    MemPerc: 'MEM %',
    NetIO: 'NET I/O',
    BlockIO: 'BLOCK I/O',
    PIDs: 'PIDS',
  },
  columns: ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'],
  quietField: 'ID',
};

/** One row: a container as the user named it and what is known of it, nothing at first. */
export function statsRow(
  container: string,
  stats: ContainerStatsResponse | undefined,
  { full }: { full: boolean },
): Row {
  if (stats === undefined) return unknownRow(container);
  const memory = memoryUsage(stats);
  const network = Object.values(stats.networks ?? {});
  const sum = (counts: readonly (number | undefined)[]): number =>
    counts.reduce<number>((total, count) => total + (count ?? 0), 0);
  const id = stats.id ?? '';
  const received = sum(network.map(({ rx_bytes: bytes }) => bytes));
  const sent = sum(network.map(({ tx_bytes: bytes }) => bytes));
  const blocks = stats.blkio_stats?.io_service_bytes_recursive ?? [];
  return {
    BlockIO: `${formatSize(operations(blocks, 'r'))} / ${formatSize(operations(blocks, 'w'))}`,
    CPUPerc: percent(cpuPercent(stats)),
    Container: container,
    ID: full ? id : shortId(id),
    MemPerc: percent(memory.limit === 0 ? 0 : (memory.usage / memory.limit) * 100),
    MemUsage: `${formatBinarySize(memory.usage)} / ${formatBinarySize(memory.limit)}`,
    Name: (stats.name ?? '').replace(/^\//, ''),
    NetIO: `${formatSize(received)} / ${formatSize(sent)}`,
    PIDs: String(stats.pids_stats?.current ?? 0),
  };
}

function unknownRow(container: string): Row {
  return {
    BlockIO: '--',
    CPUPerc: '--',
    Container: container,
    ID: '--',
    MemPerc: '--',
    MemUsage: '-- / --',
    Name: '--',
    NetIO: '--',
    PIDs: '--',
  };
}

/** Of one CPU: 200 % is two CPUs busy. */
function cpuPercent({ cpu_stats: now, precpu_stats: before }: ContainerStatsResponse): number {
  const used = (now?.cpu_usage?.total_usage ?? 0) - (before?.cpu_usage?.total_usage ?? 0);
  const passed = (now?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  const cpus = now?.online_cpus ?? now?.cpu_usage?.percpu_usage?.length ?? 0;
  return used > 0 && passed > 0 ? (used / passed) * cpus * 100 : 0;
}

/** Without what the kernel can take back from the page cache at once. */
function memoryUsage({ memory_stats: memory }: ContainerStatsResponse): { usage: number; limit: number } {
  const { usage = 0, limit = 0, stats = {} } = memory ?? {};
  const cache = stats['total_inactive_file'] ?? stats['inactive_file'] ?? 0;
  return { usage: (usage ?? 0) - (cache < (usage ?? 0) ? cache : 0), limit: limit ?? 0 };
}

function operations(entries: readonly ContainerBlkioStatEntry[], letter: 'r' | 'w'): number {
  return entries
    .filter(({ op = '' }) => op.toLowerCase().startsWith(letter))
    .reduce((total, { value = 0 }) => total + value, 0);
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}
