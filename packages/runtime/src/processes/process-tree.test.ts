import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@gantry/base';
import { ProcessHandle } from '@gantry/kernel';
import { descendants, killTree } from './process-tree.ts';

/** Forks as fast as a shell can, in two generations. */
const forking = `
again() { i=0; while [ $i -lt 200 ]; do sleep 1000 & i=$((i+1)); done; wait; }
again & again
`;

test('a tree of processes that forks while it is killed is killed whole', async () => {
  for (let round = 0; round < 3; round += 1) {
    const mark = randomUUID();
    const child = spawn('/bin/sh', ['-c', forking], {
      stdio: 'ignore',
      env: { PATH: '/bin:/usr/bin', GANTRY_TREE: mark },
    });
    const exit = once(child, 'exit');
    using root = new ProcessHandle(child.pid ?? 0);
    while (descendants(root.pid).length < 100) await delay(1);
    await killTree(root, systemClock);
    await exit;
    // Those that were killed are still there until the system has come to them.
    while (living(mark).some(isKilled)) await delay(1);
    assert.deepEqual(living(mark), []);
    await killTree(root, systemClock);
  }
});

function living(mark: string): string[] {
  return readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(`GANTRY_TREE=${mark}`),
  );
}

/** Empty once it is dead. */
function environmentOf(pid: string): string[] {
  return read(`/proc/${pid}/environ`).split('\0');
}

/** SIGKILL waits for it. */
function isKilled(pid: string): boolean {
  const pending = /^ShdPnd:\s*([0-9a-f]+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '0';
  return (BigInt(`0x${pending}`) & 0x100n) !== 0n || environmentOf(pid).length <= 1;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
