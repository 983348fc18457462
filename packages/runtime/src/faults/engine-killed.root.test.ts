import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ChildEngine,
  collect,
  type RuntimeFixture,
  readJournal,
  runtimeFixture,
  until,
} from '@gantry/runtime/testing';
import { currentBootId } from '../lifecycle/start-record.ts';

const maxKills = 8;

/** Lines 1…n as `seq` prints them. */
const numbered = (count: number): string =>
  `${Array.from({ length: count }, (_, index) => String(index + 1)).join('\n')}\n`;

test('output is stored exactly once though the engine is killed again and again', async () => {
  await using fixture = await runtimeFixture('killed');
  const lines = 400_000;
  const script = `seq 1 ${lines}; seq 1 1000 >&2; exit 5`;
  const { journal, ended } = await survive(fixture, script, {});
  assertSame(journal.stdout, numbered(lines));
  assertSame(journal.stderr, numbered(1000));
  assert.deepEqual(ended, ['5', 'false']);
});

test('output of a terminal is stored exactly once though the engine is killed again and again', async () => {
  await using fixture = await runtimeFixture('killedtty');
  const lines = 60_000;
  const terminal = { rows: 24, columns: 80 };
  const { journal, ended } = await survive(fixture, `seq 1 ${lines}; exit 6`, { terminal });
  assertSame(journal.stdout, numbered(lines).replaceAll('\n', '\r\n'));
  assert.deepEqual(ended, ['6', 'false']);
});

test('an engine killed at any moment of a start leaves a container that runs, or nothing', async () => {
  await using fixture = await runtimeFixture('killedstart');
  for (let round = 0; round < 21; round += 1) {
    const terminal = round % 3 === 2 ? { terminal: { rows: 24, columns: 80 } } : {};
    const id = `s${round}`;
    const request = fixture.request(id, ['sh', '-c', 'echo hello; exec sleep 1000'], {
      stdin: round % 3 === 1,
      ...terminal,
    });
    await using engine = new ChildEngine(fixture.execRoot, request);
    await until(() => fixture.runtime.list().includes(id));
    await delay(Math.random() * 14);
    await engine.kill();
    fixture.restart();
    const adopted = await fixture.runtime.adopt(id);
    if (adopted === undefined) {
      assert.ok(!fixture.runtime.list().includes(id), 'a trace is left');
      continue;
    }
    fixture.runtime.kill(id, 9);
    assert.equal((await adopted.exited).exitCode, 137);
    const { stdout } = await collect(adopted);
    assert.ok('hello\r\n'.startsWith(stdout) || stdout === 'hello\n', JSON.stringify(stdout));
    await fixture.runtime.remove(id);
  }
});

test('what is written while no engine runs is there for the next one, with the exit code', async () => {
  await using fixture = await runtimeFixture('noengine');
  const request = fixture.request('late', ['sh', '-c', 'read go; seq 1 50000; echo end >&2; exit 9'], {
    stdin: true,
  });
  const process = await fixture.runtime.start(request);
  await process.stdin?.write(Buffer.from('go\n'));
  fixture.restart();
  await exitOf(fixture, 'late');
  fixture.restart();
  const adopted = await fixture.runtime.adopt('late');
  assert.ok(adopted !== undefined);
  const { stdout, stderr, position } = await collect(adopted);
  assertSame(Buffer.from(stdout), numbered(50_000));
  assert.equal(stderr, 'end\n');
  assert.deepEqual(position, { stdout: stdout.length, stderr: 4 });
  const status = await adopted.exited;
  assert.equal(status.exitCode, 9);
  assert.ok(Math.abs(Date.now() - status.at.getTime()) < 60_000);
});

test('after a reboot a container has ended, with the exit code that was written and 137 otherwise', async () => {
  await using fixture = await runtimeFixture('reboot');
  const told = await fixture.start(['sh', '-c', 'echo kept; exit 3'], { containerId: 'told' });
  await told.exited;
  await fixture.start(['sleep', '1000'], { containerId: 'lost' });
  for (const id of ['told', 'lost']) {
    const file = path.join(fixture.execRoot, 'containers', id, 'start.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...record, bootId: 'another' }));
  }
  fixture.restart();
  assert.equal((await (await fixture.runtime.adopt('told'))?.exited)?.exitCode, 3);
  const lost = await fixture.runtime.adopt('lost');
  assert.equal((await lost?.exited)?.exitCode, 137);
  assert.throws(() => fixture.runtime.kill('lost', 9), { code: 'process-gone' });
  // What runs here is of this boot after all, and has to be gone at the end.
  for (const id of ['told', 'lost']) {
    const file = path.join(fixture.execRoot, 'containers', id, 'start.json');
    const record = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...record, bootId: currentBootId() }));
  }
  fixture.restart();
});

test('an adopted container takes input, sees its end, and can be resized', async () => {
  await using fixture = await runtimeFixture('adopted');
  await fixture.start(['cat'], { containerId: 'pipe', stdin: true });
  await fixture.start(['sh', '-c', 'read line; stty size; echo $line'], {
    containerId: 'tty',
    terminal: { rows: 5, columns: 6 },
    stdin: true,
  });
  fixture.restart();
  const pipe = await fixture.runtime.adopt('pipe');
  await pipe?.stdin?.write(Buffer.from('through'));
  pipe?.stdin?.end();
  assert.ok(pipe !== undefined);
  assert.equal((await collect(pipe)).stdout, 'through');
  assert.equal((await pipe.exited).exitCode, 0);
  const tty = await fixture.runtime.adopt('tty');
  tty?.resize({ rows: 33, columns: 44 });
  await tty?.stdin?.write(Buffer.from('typed\n'));
  assert.ok(tty !== undefined);
  assert.equal((await collect(tty)).stdout, 'typed\r\n33 44\r\ntyped\r\n');
});

/** Says where two long texts part instead of printing them. */
function assertSame(actual: Buffer, expected: string): void {
  const wanted = Buffer.from(expected);
  if (actual.equals(wanted)) return;
  let at = 0;
  while (actual[at] === wanted[at]) at += 1;
  const around = (text: Buffer): string =>
    JSON.stringify(text.subarray(Math.max(0, at - 20), at + 20).toString());
  assert.fail(
    `${actual.length} bytes instead of ${wanted.length}; at ${at} ${around(actual)} instead of ${around(wanted)}`,
  );
}

interface Survival {
  journal: ReturnType<typeof readJournal>;
  ended: string[];
}

/** Kills one engine after the other at random moments until a container's end was stored. */
async function survive(fixture: RuntimeFixture, script: string, options: object): Promise<Survival> {
  const request = fixture.request('numbers', ['sh', '-c', script], options);
  const journalFile = ChildEngine.journal(fixture.execRoot, 'numbers');
  for (let kills = 0; ; kills += 1) {
    await using engine = new ChildEngine(fixture.execRoot, request);
    await engine.printed(/started/);
    if (kills < maxKills) await delay(Math.random() * 25);
    const ended = kills < maxKills ? undefined : await engine.printed(/ended (\d+) (\w+)/);
    if (ended !== undefined) return { journal: readJournal(journalFile), ended: ended.slice(1) };
    await engine.kill();
  }
}

/** Waits, by a runtime that reads no output, for the end of a container. */
async function exitOf(fixture: RuntimeFixture, id: string): Promise<void> {
  const process = await fixture.runtime.adopt(id);
  await process?.exited;
}
