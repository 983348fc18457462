import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { CgroupLayout } from '../layout.ts';
import { readMachineCpu } from './machine-cpu.ts';
import { readCgroupUsage } from './usage-reader.ts';

test('on v2 everything is read from one directory, and times come in nanoseconds', () => {
  using root = new Folder();
  const layout: CgroupLayout = { mode: 'v2', version: 2, unified: root.path, controllers: new Map() };
  root.write('c', {
    'cpu.stat':
      'usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 7\nnr_throttled 2\nthrottled_usec 9\n',
    'memory.current': '4096\n',
    'memory.max': '8192\n',
    'memory.stat': 'anon 1\nfile 2\ninactive_file 3\n',
    'memory.events': 'low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\n',
    'pids.current': '3\n',
    'pids.max': 'max\n',
    'io.stat': '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 \n253:0 rbytes=1 wbytes=0\n',
  });
  using reader = readCgroupUsage(layout, '/c');
  assert.deepEqual(reader.read(), {
    version: 2,
    cpu: {
      totalNs: 5e6,
      userNs: 3e6,
      kernelNs: 2e6,
      periods: 7,
      throttledPeriods: 2,
      throttledNs: 9000,
    },
    memory: {
      usageBytes: 4096,
      limitBytes: 8192,
      failures: 1,
      stats: { anon: 1, file: 2, inactive_file: 3 },
    },
    pids: { current: 3, limit: undefined },
    blockIo: {
      serviceBytes: [
        { major: 8, minor: 0, op: 'read', value: 10 },
        { major: 8, minor: 0, op: 'write', value: 20 },
        { major: 253, minor: 0, op: 'read', value: 1 },
        { major: 253, minor: 0, op: 'write', value: 0 },
      ],
    },
  });
  root.write('c', { 'memory.current': '99999\n' });
  assert.equal(reader.read()?.memory.usageBytes, 99_999, 'the same reader sees what is new');
});

test('on v1 each controller has its directory, and a missing one leaves zeros', () => {
  using root = new Folder();
  root.write('cpuacct/c', {
    'cpuacct.usage_percpu': '1000 500 \n',
    'cpuacct.stat': 'user 3\nsystem 2\n',
  });
  root.write('memory/c', {
    'memory.usage_in_bytes': '4096\n',
    'memory.max_usage_in_bytes': '5000\n',
    'memory.failcnt': '2\n',
    'memory.stat': 'cache 1\nhierarchical_memory_limit 8192\ntotal_inactive_file 3\n',
  });
  root.write('pids/c', { 'pids.current': '3\n', 'pids.max': '20\n' });
  root.write('blkio/c', {
    'blkio.throttle.io_service_bytes_recursive': '8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n',
  });
  const controllers = ['cpuacct', 'memory', 'pids', 'blkio'].map(
    (name) => [name, path.join(root.path, name)] as const,
  );
  const layout: CgroupLayout = {
    mode: 'v1',
    version: 1,
    unified: undefined,
    controllers: new Map(controllers),
  };
  using reader = readCgroupUsage(layout, '/c');
  assert.deepEqual(reader.read(), {
    version: 1,
    cpu: {
      totalNs: 1500,
      userNs: 3e7,
      kernelNs: 2e7,
      perCpuNs: [1000, 500],
      periods: 0,
      throttledPeriods: 0,
      throttledNs: 0,
    },
    memory: {
      usageBytes: 4096,
      limitBytes: 8192,
      maxUsageBytes: 5000,
      failures: 2,
      stats: { cache: 1, hierarchical_memory_limit: 8192, total_inactive_file: 3 },
    },
    pids: { current: 3, limit: 20 },
    blockIo: {
      serviceBytes: [
        { major: 8, minor: 0, op: 'Read', value: 10 },
        { major: 8, minor: 0, op: 'Write', value: 20 },
        { major: 8, minor: 0, op: 'Total', value: 30 },
      ],
      serviced: [],
    },
  });
  using gone = readCgroupUsage(layout, '/gone');
  assert.equal(gone.read(), undefined);
});

test('the machine’s CPU time is the first eight columns, of all CPUs that are online', () => {
  const text = 'cpu  1 2 3 4 5 6 7 8 900 900\ncpu0 1 0 0 0 0 0 0 0 0 0\ncpu1 0 2 3 4 5 6 7 8 0 0\nintr 5\n';
  assert.deepEqual(readMachineCpu(text), { totalNs: 36e7, onlineCpus: 2 });
});

class Folder implements Disposable {
  readonly path = mkdtempSync(path.join(tmpdir(), 'gantry-usage-'));

  write(directory: string, files: Readonly<Record<string, string>>): void {
    mkdirSync(path.join(this.path, directory), { recursive: true });
    for (const [name, text] of Object.entries(files))
      writeFileSync(path.join(this.path, directory, name), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}
