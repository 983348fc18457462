import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@gantry/base';
import { parseMountTable } from '../mounts/mount-table.ts';
import { freezeCgroup, isCgroupFrozen, thawCgroup } from './freezer.ts';
import { hybridProblem } from './hybrid.ts';
import { type CgroupLayout, cgroupDirectories, cgroupDirectory, detectCgroups } from './layout.ts';
import { cgroupProcessIds } from './members.ts';
import { outOfMemoryKills } from './out-of-memory.ts';

const line = (target: string, type: string, options: string): string =>
  `30 20 0:30 / ${target} rw,relatime - ${type} cgroup ${options}`;

test('a unified machine is v2, and every controller has the same directory', () => {
  const layout = detectCgroups(parseMountTable(line('/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate')));
  assert.deepEqual([layout.mode, layout.version], ['v2', 2]);
  assert.equal(cgroupDirectory(layout, 'memory', '/gantry/a'), '/sys/fs/cgroup/gantry/a');
  assert.deepEqual(cgroupDirectories(layout, '/gantry/a'), ['/sys/fs/cgroup/gantry/a']);
});

test('a hybrid machine counts as v1; controllers mounted together share a directory', () => {
  const table = [
    line('/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'rw,cpu,cpuacct'),
    line('/sys/fs/cgroup/memory', 'cgroup', 'rw,memory'),
    line('/sys/fs/cgroup/systemd', 'cgroup', 'rw,xattr,name=systemd'),
    line('/sys/fs/cgroup/unified', 'cgroup2', 'rw'),
  ].join('\n');
  const layout = detectCgroups(parseMountTable(table));
  assert.deepEqual([layout.mode, layout.version, layout.unified], ['hybrid', 1, '/sys/fs/cgroup/unified']);
  assert.deepEqual([...layout.controllers.keys()], ['cpu', 'cpuacct', 'memory', 'name=systemd']);
  assert.equal(cgroupDirectory(layout, 'cpuacct', '/x'), '/sys/fs/cgroup/cpu,cpuacct/x');
  assert.equal(cgroupDirectory(layout, 'freezer', '/x'), undefined);
  assert.equal(cgroupDirectories(layout, '/x').length, 4);
});

test('a hybrid machine that leaves controllers to v2 is told, a plain one is not', () => {
  using unified = new Folder();
  const layout: CgroupLayout = { mode: 'hybrid', version: 1, unified: unified.path, controllers: new Map() };
  unified.write('cgroup.controllers', 'hugetlb rdma\n');
  assert.deepEqual(hybridProblem(layout), ['hugetlb', 'rdma']);
  unified.write('cgroup.controllers', '\n');
  assert.deepEqual(hybridProblem(layout), []);
  assert.deepEqual(hybridProblem({ ...layout, mode: 'v2' }), []);
});

test('on v2 a cgroup is frozen by cgroup.freeze, when its events say so', async () => {
  using unified = new Folder();
  const layout: CgroupLayout = { mode: 'v2', version: 2, unified: unified.path, controllers: new Map() };
  unified.write('c/cgroup.freeze', '0\n');
  unified.write('c/cgroup.events', 'populated 1\nfrozen 0\n');
  assert.equal(isCgroupFrozen(layout, '/c'), false);
  const freezing = freezeCgroup(layout, '/c', systemClock);
  assert.equal(isCgroupFrozen(layout, '/c'), true);
  unified.write('c/cgroup.events', 'populated 1\nfrozen 1\n');
  await freezing;
  thawCgroup(layout, '/c');
  assert.equal(isCgroupFrozen(layout, '/c'), false);
  assert.equal(isCgroupFrozen(layout, '/gone'), false);
  thawCgroup(layout, '/gone');
});

test('processes are counted with those of the cgroups below, OOM kills where the kernel counts them', () => {
  using unified = new Folder();
  const layout: CgroupLayout = { mode: 'v2', version: 2, unified: unified.path, controllers: new Map() };
  unified.write('c/cgroup.procs', '12\n7\n');
  unified.write('c/init/cgroup.procs', '99\n');
  unified.write('c/memory.events', 'low 0\nhigh 0\nmax 31\noom 2\noom_kill 1\noom_group_kill 0\n');
  unified.write('v1/memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n');
  assert.deepEqual(cgroupProcessIds(layout, '/c'), [12, 7, 99]);
  assert.deepEqual(cgroupProcessIds(layout, '/gone'), []);
  assert.equal(outOfMemoryKills(path.join(unified.path, 'c'), 2), 1);
  assert.equal(outOfMemoryKills(path.join(unified.path, 'v1'), 1), 3);
  assert.equal(outOfMemoryKills(path.join(unified.path, 'gone'), 1), undefined);
});

class Folder implements Disposable {
  readonly path = mkdtempSync(path.join(tmpdir(), 'gantry-cgroups-'));

  write(name: string, text: string): void {
    const file = path.join(this.path, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}
