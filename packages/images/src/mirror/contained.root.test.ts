import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { contained } from '@gantry/kernel';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';
import { runProgram } from './run-program.ts';

const options = { packageName: 'mmdebstrap', purpose: 'mirror/debian:bookworm', program: 'mmdebstrap' };

test('a contained program that is not installed is told with its package', async () => {
  await assert.rejects(runProgram(contained(['no-such-program']), options), {
    message: 'mmdebstrap is not installed: mirror/debian:bookworm needs it (Debian package mmdebstrap)',
  });
});

test('what a contained program started or mounted goes with it', async () => {
  await using root = await temporaryRoot('contained');
  await using leaks = await LeakCheck.begin({ tag: root.path, allow: (kind) => kind === 'descriptor' });
  const script = `mount -t tmpfs none ${root.path}; (setsid tail -f /dev/null ${root.path} &); echo up >&2; exec tail -f /dev/null ${root.path}`;
  const abort = new AbortController();
  const running = runProgram(contained(['sh', '-c', script]), {
    ...options,
    signal: abort.signal,
    onErrorLine: (line) => line === 'up' && abort.abort(),
  });
  await assert.rejects(running);
  await leaks.check();
});

test('a contained program dies when the engine is killed', async () => {
  await using root = await temporaryRoot('contained');
  await using leaks = await LeakCheck.begin({ tag: root.path, allow: (kind) => kind === 'descriptor' });
  const module = path.join(import.meta.dirname, 'run-program.ts');
  const source = `
    import { contained } from '@gantry/kernel';
    import { runProgram } from ${JSON.stringify(module)};
    await runProgram(contained(['sh', '-c', 'echo up >&2; exec tail -f /dev/null "$0"', ${JSON.stringify(root.path)}]), {
      packageName: 'p', purpose: 'p', onErrorLine: (line) => console.log(line),
    });
  `;
  const engine = spawn(process.execPath, ['--input-type=module-typescript', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(engine, 'close');
  await once(engine.stdout, 'data');
  const isRunning = commandLines().some((line) => /^(?:sh|tail)\0/.test(line) && line.includes(root.path));
  engine.kill('SIGKILL');
  await ended;
  assert.ok(isRunning, 'it was there to be ended');
  await leaks.check();
});

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    });
}
