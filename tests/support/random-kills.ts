import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import {
  createContainer,
  createExec,
  inspectContainer,
  listContainers,
  removeContainer,
  startContainer,
  startExecDetached,
  stopContainer,
} from '@gantry/client';
import type { TestDaemon } from './test-daemon.ts';

const image = 'mirror/busybox';

/** What a client knows of its container: what it was told, or that it asked and was not answered. */
interface Known {
  id: string;
  state: 'created' | 'starting' | 'running' | 'stopping' | 'stopped' | 'removing' | 'removed';
}

/**
 * Kills gantryd with -9 at `rounds` random moments under a mixed workload (create, start, exec, stop, rm by four
 * clients), and asserts after each restart that nothing that was acknowledged is undone. The same `seed` gives the same
 * moments.
 */
export async function killAtRandom(daemon: TestDaemon, rounds: number, seed: number): Promise<void> {
  const random = numbers(seed);
  const witness = await startWitness(daemon);
  for (let round = 0; round < rounds; round += 1) {
    const known: Known[] = [];
    const clients = Array.from({ length: 4 }, (_, client) =>
      mixedWork(daemon, known, `${round}-${client}`).catch(() => {}),
    );
    await delay(20 + random() * 250);
    await daemon.end('SIGKILL');
    await Promise.all(clients);
    await daemon.restart();
    try {
      for (const each of known) await assertKept(daemon, each);
    } catch (error) {
      throw new Error(`in round ${round} of seed ${seed}`, { cause: error });
    }
    for (const { Id: id = '' } of await listContainers(daemon.api, { all: true })) {
      if (id !== witness) await removeContainer(daemon.api, id, { force: true, volumes: true });
    }
  }
  await assertWitness(daemon, witness);
}

/** Goes on until the engine is gone, and then rejects. */
async function mixedWork(daemon: TestDaemon, known: Known[], name: string): Promise<never> {
  for (let turn = 0; ; turn += 1) {
    const request = { Image: image, Cmd: ['sleep', '1000'], HostConfig: { Binds: ['/anonymous'] } };
    const { Id: id } = await createContainer(daemon.api, request, { name: `mixed-${name}-${turn}` });
    const container: Known = { id, state: 'created' };
    known.push(container);
    container.state = 'starting';
    await startContainer(daemon.api, id);
    container.state = 'running';
    await startExecDetached(daemon.api, await createExec(daemon.api, id, { Cmd: ['true'] }));
    if (turn % 3 === 2) continue;
    container.state = 'stopping';
    await stopContainer(daemon.api, id, { timeoutSeconds: 0 });
    container.state = 'stopped';
    if (turn % 3 === 1) continue;
    container.state = 'removing';
    await removeContainer(daemon.api, id, { volumes: true });
    container.state = 'removed';
  }
}

/** States that each may be found in; undefined stands for none: removed. */
const mayBe: Record<Known['state'], readonly (string | undefined)[]> = {
  created: ['created'],
  starting: ['created', 'running', 'exited'],
  running: ['running'],
  stopping: ['running', 'exited'],
  stopped: ['exited'],
  removing: ['exited', undefined],
  removed: [undefined],
};

async function assertKept(daemon: TestDaemon, { id, state }: Known): Promise<void> {
  const found = await inspectContainer(daemon.api, id).catch(() => undefined);
  const status = found?.State?.Status;
  assert.ok(mayBe[state].includes(status), `${id} was ${state} and is ${status}`);
  if (status !== 'running') return;
  const finished = await daemon.docker(['exec', id, 'echo', 'alive']);
  assert.equal(finished.stdout, 'alive\n', finished.stderr);
}

/** A container that counts through everything. */
async function startWitness(daemon: TestDaemon): Promise<string> {
  const script = 'n=0; while [ ! -e /end ]; do n=$((n+1)); echo $n; usleep 1000; done';
  return await daemon.ok('run', '-d', '--name', 'witness', image, 'sh', '-c', script);
}

async function assertWitness(daemon: TestDaemon, id: string): Promise<void> {
  // It ends its container, and may be killed with it before it can say that it did.
  await daemon.gantry(['exec', id, 'touch', '/end']);
  assert.equal(await daemon.ok('wait', id), '0');
  const lines = (await daemon.ok('logs', id)).split('\n');
  assert.deepEqual(
    lines,
    lines.map((_, index) => String(index + 1)),
  );
  await daemon.ok('rm', id);
}

/** A small generator (xorshift32): what is random must be repeatable. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
