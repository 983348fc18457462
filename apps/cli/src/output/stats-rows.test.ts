import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatsResponse } from '@gantry/api-types';
import { statsRow } from './stats-rows.ts';

const id = 'a'.repeat(64);
const sample: ContainerStatsResponse = {
  id,
  name: '/web',
  cpu_stats: { cpu_usage: { total_usage: 3000 }, system_cpu_usage: 20_000, online_cpus: 4 },
  precpu_stats: { cpu_usage: { total_usage: 1000 }, system_cpu_usage: 10_000 },
  memory_stats: { usage: 3 * 1024 ** 2, limit: 60 * 1024 ** 2, stats: { total_inactive_file: 1024 ** 2 } },
  networks: { eth0: { rx_bytes: 1500, tx_bytes: 0 }, eth1: { rx_bytes: 500, tx_bytes: 7 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: 'Read', value: 1_000_000 },
      { op: 'write', value: 42 },
      { op: 'Total', value: 9 },
    ],
  },
  pids_stats: { current: 5 },
};

test('a row says what Docker’s says', () => {
  assert.deepEqual(statsRow('web', sample, { full: false }), {
    BlockIO: '1MB / 42B',
    CPUPerc: '80.00%',
    Container: 'web',
    ID: 'a'.repeat(12),
    MemPerc: '3.33%',
    MemUsage: '2MiB / 60MiB',
    Name: 'web',
    NetIO: '2kB / 7B',
    PIDs: '5',
  });
  assert.equal(statsRow('web', sample, { full: true })['ID'], id);
});

test('v2 counts its page cache under another name', () => {
  const memory = { usage: 3 * 1024 ** 2, limit: 6 * 1024 ** 2, stats: { inactive_file: 1024 ** 2 } };
  assert.equal(statsRow('web', { memory_stats: memory }, { full: false })['MemUsage'], '2MiB / 6MiB');
});

test('a container that does not run has zeros, one that nothing is known of has dashes', () => {
  const stopped = statsRow('web', { id, name: '/web', memory_stats: {} }, { full: false });
  assert.deepEqual(
    [stopped['CPUPerc'], stopped['MemUsage'], stopped['MemPerc'], stopped['NetIO'], stopped['PIDs']],
    ['0.00%', '0B / 0B', '0.00%', '0B / 0B', '0'],
  );
  assert.equal(statsRow('web', undefined, { full: false })['MemUsage'], '-- / --');
});
