import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Output } from '@gantry/terminal';
import { isListening } from './is-listening.ts';
import { startEngine } from './start-engine.ts';

/** A directory with a program that stands in for gantryd; what it started is ended at the end. */
class Stage implements Disposable {
  readonly directory: string = mkdtempSync(path.join(tmpdir(), 'gantry-autostart-'));
  readonly socketPath: string = path.join(this.directory, 'run/engine.sock');
  readonly logFile: string = path.join(this.directory, 'log/gantryd.log');
  readonly pidFile: string = path.join(this.directory, 'pids');
  said = '';
  readonly stderr: Output = { write: (data) => void (this.said += String(data)), isTerminal: false };

  /** `body` runs in a program that has `socketPath` and notes its process id. */
  program(body: string): Record<string, string> {
    const file = path.join(this.directory, 'gantryd.mjs');
    const head = `import fs from 'node:fs';import net from 'node:net';
      const socketPath = ${JSON.stringify(this.socketPath)};
      fs.appendFileSync(${JSON.stringify(this.pidFile)}, process.pid + '\\n');`;
    writeFileSync(file, `${head}\n${body}\n`);
    return { GANTRYD: file };
  }

  get pids(): number[] {
    return existsSync(this.pidFile) ? readFileSync(this.pidFile, 'utf8').trim().split('\n').map(Number) : [];
  }

  start(environment: Record<string, string>, timeoutMs: number = 20_000): Promise<void> {
    const { socketPath, stderr, logFile } = this;
    return startEngine({ socketPath, environment, stderr, logFile, timeoutMs });
  }

  [Symbol.dispose](): void {
    for (const pid of this.pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has ended by itself
      }
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const listens = 'net.createServer((socket) => socket.destroy()).listen(socketPath);';

test('starts the engine in a session of its own, waits until it listens, and says so in one line', async () => {
  using stage = new Stage();
  await stage.start(stage.program(listens));
  assert.ok(await isListening(stage.socketPath));
  const [pid] = stage.pids;
  assert.equal(stage.said, `gantryd was not running: started it (process ${pid})\n`);
  const session = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
  assert.equal(session, String(pid));
  assert.ok(!existsSync(`${stage.socketPath}.start`));
});

test('starts one engine for commands that run at once', async () => {
  using stage = new Stage();
  const environment = stage.program(listens);
  await Promise.all([stage.start(environment), stage.start(environment), stage.start(environment)]);
  assert.equal(stage.pids.length, 1);
});

test('tells the end of the log when the engine ends at once', async () => {
  using stage = new Stage();
  const environment = stage.program("console.error('the data root is locked'); process.exit(1);");
  await assert.rejects(stage.start(environment), (error: Error) => {
    assert.match(
      error.message,
      /gantryd ended at once; the end of .*gantryd\.log:\nthe data root is locked$/,
    );
    return true;
  });
  assert.ok(!existsSync(`${stage.socketPath}.start`));
});

test('gives up on an engine that does not listen in time', async () => {
  using stage = new Stage();
  await assert.rejects(
    stage.start(stage.program('setInterval(() => {}, 1000);'), 300),
    /does not listen yet/,
  );
});

test('takes over the claim of a command that died', async () => {
  using stage = new Stage();
  const environment = stage.program(listens);
  mkdirSync(path.dirname(stage.socketPath));
  writeFileSync(`${stage.socketPath}.start`, processIdOfNobody);
  await stage.start(environment);
  assert.equal(stage.pids.length, 1);
});

test('says what is missing when there is no engine to start', async () => {
  using stage = new Stage();
  await assert.rejects(
    stage.start({ GANTRYD: '/nonexistent/gantryd' }),
    /is not installed beside this program/,
  );
});

/** Above the greatest process id that Linux gives. */
const processIdOfNobody = '4194305';
