import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { collect, type RuntimeFixture, runtimeFixture, until } from '@gantry/runtime/testing';

let fixture: RuntimeFixture;

before(async () => {
  fixture = await runtimeFixture('faults');
});
after(() => fixture[Symbol.asyncDispose]());

const untilTold = ['sh', '-c', 'echo before; read go; echo after; exit 42'];

test('kill -9 of the shim costs neither output nor the exit code', async () => {
  const container = await fixture.start(untilTold, { containerId: 'no-shim', stdin: true });
  const reading = collect(container);
  process.kill(pidIn('no-shim', 'shim.pid'), 9);
  await container.stdin?.write(Buffer.from('go\n'));
  assert.equal((await container.exited).exitCode, 42);
  assert.equal((await reading).stdout, 'before\nafter\n');
  await fixture.runtime.remove('no-shim');
});

test('kill -9 of the OCI runtime is not the end of the container, whose exit code is its own', async () => {
  const container = await fixture.start(untilTold, { containerId: 'no-crun', stdin: true });
  const reading = collect(container);
  for (const pid of childrenOf(pidIn('no-crun', 'shim.pid'))) process.kill(pid, 9);
  await until(() => existsSync(path.join(fixture.execRoot, 'events/no-crun.exit')));
  assert.ok(fixture.runtime.processIds('no-crun').includes(container.pid));
  await container.stdin?.write(Buffer.from('go\n'));
  assert.equal((await container.exited).exitCode, 42);
  assert.equal((await reading).stdout, 'before\nafter\n');
  await fixture.runtime.remove('no-crun');
});

test('a container whose OCI runtime was killed is taken back as running', async () => {
  await fixture.start(untilTold, { containerId: 'orphan', stdin: true });
  for (const pid of childrenOf(pidIn('orphan', 'shim.pid'))) process.kill(pid, 9);
  await until(() => existsSync(path.join(fixture.execRoot, 'events/orphan.exit')));
  fixture.restart();
  const container = await fixture.runtime.adopt('orphan');
  assert.ok(container !== undefined);
  const reading = collect(container);
  await container.stdin?.write(Buffer.from('go\n'));
  assert.equal((await container.exited).exitCode, 42);
  assert.equal((await reading).stdout, 'before\nafter\n');
  await fixture.runtime.remove('orphan');
});

test('shim, OCI runtime and holder killed at once leave a container that can be removed', async () => {
  const container = await fixture.start(untilTold, { containerId: 'alone', stdin: true });
  const shim = pidIn('alone', 'shim.pid');
  for (const pid of [...childrenOf(shim), shim, pidIn('alone', 'holder.pid')]) process.kill(pid, 9);
  fixture.restart();
  const adopted = await fixture.runtime.adopt('alone');
  assert.equal(adopted?.pid, container.pid);
  await fixture.runtime.remove('alone');
  assert.equal((await adopted?.exited)?.exitCode, 137);
});

test('kill -9 of init, with children left, ends the container with 137', async () => {
  const container = await fixture.start(['sh', '-c', 'sleep 1000 & sleep 1000 & wait'], {
    containerId: 'no-init',
  });
  process.kill(container.pid, 9);
  assert.equal((await container.exited).exitCode, 137);
  assert.deepEqual(fixture.runtime.processIds('no-init'), []);
});

test('removal while the container writes as fast as it can leaves nothing', async () => {
  const container = await fixture.start(['yes'], { containerId: 'noisy' });
  let removal: Promise<void> | undefined;
  for await (const { position } of container.output.read({ stdout: 0, stderr: 0 })) {
    container.output.release(position);
    if (position.stdout > 4 << 20) removal ??= fixture.runtime.remove('noisy');
  }
  await removal;
  assert.equal((await container.exited).exitCode, 137);
});

test('twenty containers start, end and go at once, and again', async () => {
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const containerId = `storm-${round}-${index}`;
        const container = await fixture.start(['sh', '-c', `echo ${index}; exit ${index}`], { containerId });
        const [{ stdout }, status] = await Promise.all([collect(container), container.exited]);
        assert.deepEqual([stdout, status.exitCode], [`${index}\n`, index]);
        await fixture.runtime.remove(containerId);
      }),
    );
  }
});

function pidIn(containerId: string, name: string): number {
  return Number(readFileSync(path.join(fixture.execRoot, 'containers', containerId, name), 'utf8'));
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
