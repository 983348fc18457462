import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;
before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

const image = 'mirror/busybox';
const id = /^sha256:[0-9a-f]{64}\n$/;

/** Everything here is true of our CLI and of the docker CLI alike. */
for (const program of programs) {
  describe(`${program} commit`, () => {
    const call = (...args: string[]): Promise<Finished> => daemon[program](args);
    const output = async (...args: string[]): Promise<string> => {
      const finished = await call(...args);
      assert.equal(finished.exitCode, 0, finished.stderr);
      return finished.stdout;
    };

    test('makes an image of what a container changed, and nothing of what was mounted', async () => {
      const [name, made] = [`changed-${program}`, `made/${program}:one`];
      const script =
        'echo new > /etc/new; rm /etc/group; rm -r /home; mkdir /home; chown 7:8 /etc/new; ln /etc/new /etc/hard; ln -s new /etc/link; echo v > /volume/x';
      await output(
        'run',
        '--name',
        name,
        '-v',
        '/volume',
        '-e',
        'A=1',
        '-l',
        'k=v',
        image,
        'sh',
        '-c',
        script,
      );
      assert.match(await output('commit', '-a', 'Some Body', '-m', 'a message', name, made), id);
      const look =
        'cat /etc/new /etc/link; ls /volume /home /etc/group 2>&1; stat -c "%u:%g %h" /etc/hard; echo $A';
      const seen = await output('run', '--rm', made, 'sh', '-c', look);
      assert.match(seen, /^new\nnew\nls: \/etc\/group: No such file or directory\n[^]*7:8 2\n1\n$/);
      assert.doesNotMatch(seen, /\bx\b/);
      const facts =
        '{{.Author}}|{{.Comment}}|{{.Config.Labels.k}}|{{len .RootFS.Layers}}|{{json .Config.Cmd}}';
      const shown = await output('image', 'inspect', '-f', facts, made);
      assert.equal(shown, `Some Body|a message|v|2|${JSON.stringify(['sh', '-c', script])}\n`);
      const [newest] = (
        await output('history', '--no-trunc', '--format', '{{.CreatedBy}} {{.Comment}}', made)
      ).split('\n');
      assert.equal(newest, `sh -c ${script} a message`);
      await output('rm', '-v', name);
      await output('rmi', made);
    });

    test('applies Dockerfile instructions, and refuses others by name', async () => {
      const name = `told-${program}`;
      await output('create', '--name', name, '-w', '/tmp', image, 'true');
      const changes = [
        'CMD ["commanded"]',
        'ENTRYPOINT ["echo"]',
        'ENV B=two C="three 3"',
        'EXPOSE 80 53/udp',
        'LABEL a=b',
        'USER 5',
        'VOLUME /data',
        'WORKDIR sub',
        // Docker 20.10 did not know it yet.
        ...(peer === undefined ? ['STOPSIGNAL SIGINT'] : []),
        'HEALTHCHECK CMD true',
        'ONBUILD RUN true',
      ];
      const flags = changes.flatMap((change) => ['-c', change]);
      const made = (await output('commit', ...flags, name)).trim();
      const config = JSON.parse(await output('image', 'inspect', '-f', '{{json .Config}}', made)) as Record<
        string,
        unknown
      >;
      assert.deepEqual(Object.keys(config['ExposedPorts'] as object).sort(), ['53/udp', '80/tcp']);
      assert.deepEqual(config['Volumes'], { '/data': {} });
      assert.deepEqual(config['Labels'], { a: 'b' });
      assert.deepEqual(config['Healthcheck'], { Test: ['CMD-SHELL', 'true'] });
      assert.deepEqual(config['OnBuild'], ['RUN true']);
      assert.deepEqual([config['User'], config['WorkingDir']], ['5', '/tmp/sub']);
      if (peer === undefined) assert.equal(config['StopSignal'], 'SIGINT');
      const variables = (config['Env'] as string[]).filter((entry) => !entry.startsWith('PATH='));
      assert.deepEqual(variables, ['B=two', 'C=three 3']);
      assert.equal(await output('run', '--rm', made), 'commanded\n');
      for (const [change, message] of [
        ['RUN true', /RUN is not a valid change command/i],
        ['NONSENSE x', /nonsense is not a valid change command|unknown instruction: NONSENSE/i],
      ] as const) {
        const refused = await call('commit', '-c', change, name);
        assert.equal(refused.exitCode, 1);
        assert.match(refused.stderr, message);
      }
      await output('rm', name);
      await output('rmi', made);
    });

    test('freezes a running container meanwhile unless told not to, and lets it run on', async () => {
      const name = `busy-${program}`;
      await output('run', '-d', '--name', name, image, 'sleep', '1000');
      const since = String(Math.floor(Date.now() / 1000));
      const images = [
        await output('commit', name),
        await output('commit', '--pause=false', '-m', 'other', name),
      ];
      assert.equal(await output('inspect', '-f', '{{.State.Status}}', name), 'running\n');
      await output('exec', name, 'true');
      const until = String(Math.ceil(Date.now() / 1000) + 1);
      const events = await output(
        'events',
        '--since',
        since,
        '--until',
        until,
        '--filter',
        `container=${name}`,
        '--format',
        '{{.Action}}',
      );
      const told = events.split('\n').filter((action) => /^(pause|unpause|commit)$/.test(action));
      assert.deepEqual(told.sort(), ['commit', 'commit', 'pause', 'unpause']);
      await output('rm', '-f', name);
      for (const made of images) await output('rmi', made.trim());
    });

    test('of a container that changed nothing adds no layer', async () => {
      const name = `idle-${program}`;
      await output('run', '--name', name, image, 'test', '-f', '/.dockerenv');
      const made = `made/idle-${program}`;
      await output('commit', name, made);
      assert.equal(await output('image', 'inspect', '-f', '{{len .RootFS.Layers}}', made), '1\n');
      await output('rm', name);
      await output('rmi', made);
    });

    test('of a missing container, or to an impossible name, is refused', async () => {
      assert.match((await call('commit', 'nobody')).stderr, /No such container: nobody/);
      const name = `plain-${program}`;
      await output('create', '--name', name, image, 'true');
      const refused = await call('commit', name, 'UPPER');
      assert.match(refused.stderr, /repository name \(.*\) must be lowercase|must be lowercase/);
      await output('rm', name);
    });
  });
}

if (peer === undefined) {
  test('an image that was removed by force meanwhile is still the ground of a commit', async () => {
    const tag = 'made/short:1';
    await daemon.ok('create', '--name', 'first', image, 'true');
    await daemon.ok('commit', '-c', 'LABEL short=1', 'first', tag);
    await daemon.ok('run', '--name', 'second', tag, 'sh', '-c', 'echo kept > /kept');
    await daemon.ok('rmi', '-f', tag);
    await daemon.ok('commit', 'second', 'made/again');
    assert.equal(await daemon.ok('run', '--rm', 'made/again', 'cat', '/kept'), 'kept');
    await daemon.ok('rm', 'first', 'second');
    await daemon.ok('rmi', 'made/again');
  });
}
