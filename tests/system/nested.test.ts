import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { busyboxArchive, loadBusybox } from '../support/busybox-image.ts';
import type { Finished, RunOptions } from '../support/processes.ts';
import { repositoryRoot, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const node = path.dirname(process.execPath);
/** The host's programs and libraries, and Gantry itself, in a container of busybox. */
const machine = ['/usr', '/lib', '/lib64', repositoryRoot, node]
  .filter((directory) => existsSync(directory))
  .flatMap((directory) => ['-v', `${directory}:${directory}:ro`]);
const options = [
  '--privileged',
  '--network',
  'none',
  ...machine,
  '-e',
  `PATH=${node}:/usr/sbin:/usr/bin:/sbin:/bin`,
];
const program = (name: string): string[] => ['node', path.join(repositoryRoot, `dist/${name}.js`)];
const engine = [...program('gantryd'), '--bridge', 'none', '-H', 'unix:///run/inner.sock'];
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

function inner(args: string[], run?: RunOptions): Promise<Finished> {
  const client = [...program('gantry'), '-H', 'unix:///run/inner.sock'];
  return daemon.gantry(['exec', '-i', 'outer', ...client, ...args], run);
}

test('gantryd as the first process of a privileged container runs containers in it', async () => {
  const id = await daemon.ok(
    'run',
    '-d',
    '--name',
    'outer',
    ...options,
    '-v',
    'inner:/var/lib/gantry',
    image,
    ...engine,
  );
  await until('it is ready', async () => (await daemon.gantry(['logs', 'outer'])).stderr.includes('"ready"'));
  const loaded = await inner(['load'], { stdin: await busyboxArchive() });
  assert.equal(loaded.exitCode, 0, loaded.stderr);
  const limits = ['--network', 'none', '--memory', '32m', '--pids-limit', '50'];
  const ran = await inner(['run', '--rm', ...limits, image, 'sh', '-c', 'echo works; exit 7']);
  assert.deepEqual([ran.exitCode, ran.stdout], [7, 'works\n'], ran.stderr);
  const kept = await inner(['run', '-d', ...limits, image, 'sleep', '1000']);
  assert.equal(kept.exitCode, 0, kept.stderr);
  const cgroups = await inner(['exec', kept.stdout.trim(), 'cat', '/proc/self/cgroup']);
  assert.match(cgroups.stdout, new RegExp(`^[^/]*/.*${kept.stdout.trim()}`, 'm'), `below ${id}`);
  assert.equal((await inner(['rm', '-f', kept.stdout.trim()])).exitCode, 0);
});

test('it reaps the processes that others left, and ends by its stop signal', async () => {
  await daemon.ok('exec', 'outer', 'sh', '-c', '(sleep 0.01 &)');
  await until(
    'nothing is left',
    async () => !/sleep/.test(await daemon.ok('exec', 'outer', 'ps', '-o', 'stat,comm')),
  );
  await daemon.ok('stop', 'outer');
  assert.equal(await daemon.ok('inspect', '-f', '{{.State.ExitCode}}', 'outer'), '0');
  await daemon.ok('rm', '-v', 'outer');
  await daemon.ok('volume', 'rm', 'inner');
});

test('with its data root in the container’s own file system it says to use a volume', async () => {
  const refused = await daemon.gantry(['run', '--rm', ...options, image, ...engine]);
  assert.equal(refused.exitCode, 1);
  assert.match(
    refused.stderr,
    /on its file system, overlay .*: inside a container put the data root on a volume \(-v /,
  );
});
