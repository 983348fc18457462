import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

let daemon: TestDaemon;
let directory: string;
let configFile: string;
before(async () => {
  directory = mkdtempSync('/tmp/gantry-collection-');
  configFile = path.join(directory, 'daemon.json');
  writeFileSync(configFile, JSON.stringify({ builder: { gc: { enabled: false } } }));
  daemon = await TestDaemon.start(['--config-file', configFile]);
  await loadBusybox(daemon);
});
after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await daemon[Symbol.asyncDispose]();
});

async function docker(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await daemon.docker(args, { env: { DOCKER_BUILDKIT: '0' } });
  assert.equal(exitCode, 0, stderr + stdout);
  return stdout;
}

async function build(text: string): Promise<void> {
  const context = path.join(directory, 'context');
  mkdirSync(context, { recursive: true });
  writeFileSync(path.join(context, 'Dockerfile'), `FROM mirror/busybox\nRUN ${text}\n`);
  await docker('build', context);
}

async function entries(): Promise<{ Description: string }[]> {
  const usage = await docker('system', 'df', '-v', '--format', '{{json .BuildCache}}');
  return JSON.parse(usage) as { Description: string }[];
}

const holds = async (text: string): Promise<boolean> =>
  (await entries()).some(({ Description: description }) => description.includes(text));

test('a cache that is larger than its rule allows is collected after a build, once a reload has put the rule in force', async () => {
  await build('echo first > /first');
  assert.ok(await holds('echo first'));
  const policy = [{ filter: ['type=regular'], maxUsedSpace: '1b', all: true }];
  writeFileSync(configFile, JSON.stringify({ builder: { gc: { policy } } }));
  process.kill(daemon.pid, 'SIGHUP');
  await until('the configuration is reloaded', () => daemon.log.includes('configuration reloaded'));
  await build('echo second > /second');
  await until(
    'the steps are gone',
    async () => !(await holds('echo first')) && !(await holds('echo second')),
  );
  await build('echo first > /first');
});

test('a prune leaves what its bounds and filters say', async () => {
  const prune = async (query: string): Promise<string[]> => {
    const { CachesDeleted: gone } = await daemon.api.json<{ CachesDeleted: string[] | null }>({
      method: 'POST',
      path: `/build/prune?${query}`,
    });
    return gone ?? [];
  };
  await build('echo third > /third');
  assert.deepEqual(await prune('all=1&reserved-space=1000000000000'), []);
  assert.deepEqual(await prune('all=1&keep-storage=1000000000000'), []);
  assert.deepEqual(await prune('all=1&min-free-space=1'), []);
  assert.deepEqual(await prune(`all=1&filters=${encodeURIComponent('{"until":["24h"]}')}`), []);
  assert.deepEqual(await prune(`all=1&filters=${encodeURIComponent('{"type":["exec.cachemount"]}')}`), []);
  assert.ok((await prune('all=1&min-free-space=1000000000000000')).length > 0);
  assert.ok(!(await holds('echo third')));
});
