import type {
  ContainerBlkioStats,
  ContainerCPUStats,
  ContainerMemoryStats,
  ContainerNetworkStats,
  ContainerStatsResponse,
} from '@gantry/api-types';
import type { CgroupUsage } from '@gantry/kernel';
import type { Container } from '../container.ts';
import type { StatsPair, StatsSample } from './stats-sample.ts';

/** Go's zero time: there was no such moment. */
const never = '0001-01-01T00:00:00Z';

/**
 * What `docker stats` is told: of v1 all it counts, of v2 the same under the same names as far as it has them. A container
 * that does not run has its name, its id and zeros. `machineBytes` bounds a memory limit that is none.
 */
export function containerStats(
  { id, name }: Container,
  { sample, previous }: StatsPair,
  machineBytes: number,
): ContainerStatsResponse {
  const { usage } = sample;
  const before = previous?.usage === undefined ? undefined : previous;
  return {
    name: `/${name}`,
    id,
    read: usage === undefined ? never : sample.at.toISOString(),
    preread: usage === undefined || before === undefined ? never : before.at.toISOString(),
    pids_stats: usage === undefined ? {} : pidsStats(usage),
    blkio_stats: blockIoStats(usage),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuStats(sample),
    precpu_stats: cpuStats(usage === undefined ? undefined : before),
    memory_stats: usage === undefined ? {} : memoryStats(usage, machineBytes),
    ...(usage !== undefined && sample.traffic !== undefined && { networks: networkStats(sample.traffic) }),
  };
}

function pidsStats({ pids }: CgroupUsage): { current: number; limit?: number } {
  return { current: pids.current, ...(pids.limit !== undefined && { limit: pids.limit }) };
}

function cpuStats(sample: StatsSample | undefined): ContainerCPUStats {
  const { cpu } = sample?.usage ?? {};
  return {
    cpu_usage: {
      total_usage: cpu?.totalNs ?? 0,
      ...(cpu?.perCpuNs !== undefined && { percpu_usage: [...cpu.perCpuNs] }),
      usage_in_kernelmode: cpu?.kernelNs ?? 0,
      usage_in_usermode: cpu?.userNs ?? 0,
    },
    ...(sample?.usage !== undefined && {
      system_cpu_usage: sample.machine.totalNs,
      online_cpus: sample.machine.onlineCpus,
    }),
    throttling_data: {
      periods: cpu?.periods ?? 0,
      throttled_periods: cpu?.throttledPeriods ?? 0,
      throttled_time: cpu?.throttledNs ?? 0,
    },
  };
}

function memoryStats({ memory }: CgroupUsage, machineBytes: number): ContainerMemoryStats {
  const { usageBytes, limitBytes = 0, maxUsageBytes, failures, stats } = memory;
  const isLimited = limitBytes > 0 && limitBytes < machineBytes;
  return {
    usage: usageBytes,
    ...(maxUsageBytes !== undefined && { max_usage: maxUsageBytes }),
    stats: { ...stats },
    ...(failures > 0 && { failcnt: failures }),
    limit: isLimited ? limitBytes : machineBytes,
  };
}

/** v1's lists that its kernels have left are empty, v2's and those of a stopped container null, as Docker has them. */
function blockIoStats(usage: CgroupUsage | undefined): ContainerBlkioStats {
  const rest = usage?.version === 1 ? [] : null;
  return {
    io_service_bytes_recursive: (usage === undefined ? null : [...usage.blockIo.serviceBytes]) as [],
    io_serviced_recursive: usage?.blockIo.serviced === undefined ? rest : [...usage.blockIo.serviced],
    io_queue_recursive: rest,
    io_service_time_recursive: rest,
    io_wait_time_recursive: rest,
    io_merged_recursive: rest,
    io_time_recursive: rest,
    sectors_recursive: rest,
  };
}

function networkStats(traffic: NonNullable<StatsSample['traffic']>): Record<string, ContainerNetworkStats> {
  return Object.fromEntries(
    Object.entries(traffic).map(([name, { received, sent }]) => [
      name,
      {
        rx_bytes: received.bytes,
        rx_packets: received.packets,
        rx_errors: received.errors,
        rx_dropped: received.dropped,
        tx_bytes: sent.bytes,
        tx_packets: sent.packets,
        tx_errors: sent.errors,
        tx_dropped: sent.dropped,
      },
    ]),
  );
}
