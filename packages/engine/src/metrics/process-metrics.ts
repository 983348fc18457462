import { readdirSync } from 'node:fs';
import { counter, gauge, type Metric } from './metrics-text.ts';

/** What every Prometheus client tells of its own process. */
export function processMetrics(): Metric[] {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const startedAt = Date.now() / 1000 - process.uptime();
  return [
    counter(
      'process_cpu_seconds_total',
      'Processor time of the engine',
      (userCPUTime + systemCPUTime) / 1_000_000,
    ),
    gauge('process_open_fds', 'Descriptors that the engine has open', readdirSync('/proc/self/fd').length),
    gauge('process_resident_memory_bytes', 'Resident memory of the engine', process.memoryUsage.rss()),
    gauge('process_start_time_seconds', 'When the engine started, since the epoch', startedAt),
  ];
}
