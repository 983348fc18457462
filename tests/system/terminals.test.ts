import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { inTerminal, type Talk } from '../support/terminal.ts';
import { programs, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
/** Answers a line in a way that no echo does. */
const answering = ['sh', '-c', 'echo ready; while read -r line; do echo "<$line>"; done'];
let daemon: TestDaemon;
let configDirectory: string;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  configDirectory = mkdtempSync('/tmp/gantry-keys-');
  writeFileSync(path.join(configDirectory, 'config.json'), '{"detachKeys":"ctrl-e,e"}');
});
after(async () => {
  rmSync(configDirectory, { recursive: true });
  await daemon[Symbol.asyncDispose]();
});

/** Everything here is true of our CLI and of the docker CLI alike. */
for (const program of programs) {
  const shows = (args: string[], talk: Talk): ReturnType<typeof inTerminal> =>
    inTerminal([...daemon.commandLine(program), ...args], talk);
  /** A line there and back shows that keys reach the container; then the keys are typed. */
  const after = (keys: string): Talk => [
    [/^/, 'hello\r'],
    [/<hello>/, keys],
  ];
  const isRunning = (name: string): Promise<string> => daemon.ok('inspect', '-f', '{{.State.Running}}', name);

  describe(`${program}: the detach keys`, () => {
    const name = `keys-${program}`;
    const detached = 'read escape sequence';

    test('let go of run, with its terminal as it came, and the container goes on', async () => {
      const { exitCode, shown } = await shows(
        ['run', '-it', '--network', 'none', '--name', name, image, ...answering],
        [
          [/ready/, 'one\x10two\r'],
          [/<one.two>/, '\x10\x11'],
        ],
      );
      assert.equal(exitCode, 0);
      // Neither terminal adds a carriage return to those of the other, once ours is raw.
      assert.match(shown, /<one\x10two>\r\n$/);
      assert.equal(await isRunning(name), 'true');
    });

    test('let go of attach, which fails by it', async () => {
      const end = await shows(['attach', name], after('\x10\x11'));
      assert.equal(end.exitCode, 1);
      assert.match(end.shown, new RegExp(detached));
      assert.equal(await isRunning(name), 'true');
    });

    test('are those of --detach-keys, which win over those of config.json', async () => {
      const configured = ['--config', configDirectory, 'attach'];
      for (const [args, keys] of [
        [['attach', '--detach-keys', 'a,b'], 'ab'],
        [['attach', '--detach-keys', 'ctrl-@'], '\0'],
        [['attach', '--detach-keys', 'DEL,ctrl-['], '\x7f\x1b'],
        [configured, '\x05e'],
        [[...configured, '--detach-keys', 'z'], 'z'],
      ] as const) {
        const end = await shows([...args, name], after(keys));
        assert.match(end.shown, new RegExp(detached), args.join(' '));
      }
    });

    test('let go of exec, which fails by it, and of start', async () => {
      const exec = await shows(
        ['exec', '-it', '--detach-keys', 'q', name, ...answering],
        [
          [/ready/, 'x\r'],
          [/<x>/, 'q'],
        ],
      );
      assert.equal(exec.exitCode, 1);
      assert.match(exec.shown, new RegExp(detached));
      await daemon.ok('stop', '-t', '0', name);
      const start = await shows(['start', '-ai', '--detach-keys', 'ctrl-x,q', name], [[/ready/, '\x18q']]);
      assert.equal(start.exitCode, 0);
      assert.equal(await isRunning(name), 'true');
    });

    test('that are no keys are refused', async () => {
      for (const keys of ['ctrl-nowhere', 'a,,b', 'ctrl-A', 'ab']) {
        const end = await shows(['attach', '--detach-keys', keys, name], []);
        assert.equal(end.exitCode, 1, end.shown);
      }
      const exec = await shows(['exec', '-it', '--detach-keys', 'ctrl-nowhere', name, 'true'], []);
      assert.equal(exec.exitCode, 1);
      assert.match(exec.shown, /Invalid escape keys \(ctrl-nowhere\) provided/);
    });

    test('are not asked for by attach --no-stdin, which gives the container nothing', async () => {
      const since = (Date.now() / 1000).toFixed(3);
      const ended = shows(['attach', '--no-stdin', name], [[/^/, 'unseen\r\x10\x11']]);
      await until('it is attached', async () => {
        const filters = ['--filter', `container=${name}`, '--filter', 'event=attach'];
        return (await daemon.ok('events', '--since', since, '--until', '0s', ...filters)) !== '';
      });
      await daemon.ok('kill', name);
      const { exitCode, shown } = await ended;
      assert.equal(exitCode, 137);
      assert.doesNotMatch(shown, /<unseen>/);
      await daemon.ok('rm', name);
    });
  });
}
