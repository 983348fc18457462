import assert from 'node:assert/strict';
import { chmodSync, chownSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createUserNamespace, type IdMaps, type UserNamespace } from '@gantry/kernel';
import { UnreachableRootError } from '@gantry/runtime';
import { collect, type RuntimeFixture, runtimeFixture } from '@gantry/runtime/testing';

const first = 1_400_000_000;
const ranges = [{ inside: 0, outside: first, count: 65536 }];
const maps: IdMaps = { uids: ranges, gids: ranges };
let fixture: RuntimeFixture;
let namespace: UserNamespace;

before(async () => {
  fixture = await runtimeFixture('userns');
  chownSync(fixture.rootfs, first, first);
  namespace = await createUserNamespace(maps);
});
after(async () => {
  namespace[Symbol.dispose]();
  await fixture[Symbol.asyncDispose]();
});

test('the root of a container’s own users runs as nobody of the host, wherever its files lie', async () => {
  using _open = reachable();
  const script = 'id -u; cat /proc/self/uid_map; touch /made; cat /proc/sys/net/ipv4/ping_group_range';
  const process = await start('box', ['sh', '-c', script]);
  const { stdout, stderr } = await collect(process);
  assert.equal(stderr, '');
  assert.deepEqual(stdout.trim().split(/\s+/), ['0', '0', String(first), '65536', '0', '65535']);
  assert.equal((await process.exited).exitCode, 0);
  assert.equal(statSync(path.join(fixture.rootfs, 'made')).uid, first);
  assert.equal(statSync('/dev/null').uid, 0);
  assert.deepEqual(readdirSync(path.join(fixture.execRoot, 'roots')), []);
  await fixture.runtime.remove('box');
});

test('an exec is of the same users, also for the next engine', async () => {
  using _open = reachable();
  await start('long', ['sleep', '1000']);
  fixture.restart();
  await fixture.runtime.adopt('long');
  const exec = await fixture.runtime.exec({
    containerId: 'long',
    execId: 'exec1',
    process: fixture.request('long', ['sh', '-c', 'id -u; cat /proc/self/uid_map']).spec.process,
    stdin: false,
  });
  let output = '';
  for await (const { data } of exec.output) output += Buffer.from(data).toString();
  assert.deepEqual(output.trim().split(/\s+/), ['0', '0', String(first), '65536']);
  assert.equal(statSync('/dev/null').uid, 0);
  await fixture.runtime.remove('long');
});

test('a directory that keeps those users out is named', async () => {
  await assert.rejects(start('closed', ['true']), UnreachableRootError);
  assert.deepEqual(fixture.runtime.list(), []);
});

function start(containerId: string, args: readonly string[]): ReturnType<RuntimeFixture['start']> {
  return fixture.start(args, { containerId, spec: { userNamespace: { path: namespace.path, maps } } });
}

/** The directory of the test lets others through, as /run does. */
function reachable(): Disposable {
  const directory = path.dirname(fixture.execRoot);
  const { mode } = statSync(directory);
  chmodSync(directory, 0o711);
  return { [Symbol.dispose]: () => chmodSync(directory, mode) };
}
