import assert from 'node:assert/strict';
import { chmodSync, existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createContainer } from '@gantry/client';
import type { TarMember } from '@gantry/testkit';
import { loadBusybox, loadTricky } from '../support/busybox-image.ts';
import { Outside } from '../support/outside.ts';
import { run } from '../support/processes.ts';
import { TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;
let outside: Outside;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  outside = new Outside(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

describe('a process in a container', () => {
  /** Descriptors of the process that a shell becomes, as `number target`. */
  const list = 'for fd in /proc/self/fd/*; do echo ${fd##*/} $(readlink $fd); done';
  const own =
    /^(\d+( (\/proc\/\d+\/fd|pipe:\[\d+\]))?|[012] (\/dev\/null|\/null|\/dev\/(pts\/0|console)|.*\/(stdin|stdout|stderr|null)))$/;

  for (const flags of [[], ['-i'], ['--privileged'], ['--init'], ['-p', '127.0.0.1::80']]) {
    test(`has no descriptor of the engine when it is run with '${flags.join(' ')}'`, async () => {
      const { stdout } = await daemon.docker(['run', '--rm', ...flags, image, 'sh', '-c', list]);
      const lines = stdout.trim().split('\n');
      assert.ok(lines.length >= 3, stdout);
      for (const line of lines) assert.match(line, own);
    });
  }

  test('has none with a terminal, and none in an exec', async () => {
    const id = await daemon.ok('run', '-dt', image, 'sh', '-c', `${list}; sleep 1000`);
    const seen = `${await daemon.ok('exec', id, 'sh', '-c', list)}\n${await daemon.ok('logs', id)}`;
    for (const line of seen.split(/[\r\n]+/).filter((each) => each !== '')) assert.match(line, own);
    await daemon.ok('rm', '-f', id);
  });
});

test('a working directory /proc/self/fd/N never leads to the host', async () => {
  const id = await daemon.ok('run', '-d', image, 'sleep', '1000');
  const peek = [
    'sh',
    '-c',
    `cat ./${outside.path.slice(1)}/secret ../../../../../../..${outside.path}/secret; ls -a`,
  ];
  for (const number of [3, 4, 5, 6, 7, 8, 10, 12]) {
    const workdir = `/proc/self/fd/${number}`;
    for (const [program, args] of [
      ['gantry', ['run', '--rm', '-w', workdir, image, ...peek]],
      ['docker', ['exec', '-w', workdir, id, ...peek]],
    ] as const) {
      const { stdout } = await daemon[program](args);
      assert.doesNotMatch(stdout, /secret of the host|start\.json|gantry-test/);
    }
  }
  await daemon.ok('rm', '-f', id);
  outside.assertUntouched();
});

describe('an image with links to the host’s directories', () => {
  before(async () => {
    const links: TarMember[] = [
      { name: 'absolute', type: 'symlink', linkName: outside.path },
      { name: 'climbing', type: 'symlink', linkName: `../../../../../../../..${outside.path}` },
      { name: 'process', type: 'symlink', linkName: `/proc/1/root${outside.path}` },
    ];
    await loadTricky(daemon, 'links', { members: links });
    await loadTricky(daemon, 'volumes', {
      members: links,
      config: { Volumes: { '/absolute': {}, '/climbing/deep': {}, '/process': {} } },
    });
    await loadTricky(daemon, 'workdir', { members: links, config: { WorkingDir: '/climbing/new' } });
  });

  for (const target of ['/absolute', '/climbing/new', '/process']) {
    test(`gives ${target} as volume, bind target, tmpfs and working directory inside, or refuses it`, async () => {
      for (const flags of [
        ['-v', target],
        ['-v', `named:${target}`],
        ['-v', `${daemon.root}/bound:${target}`],
        ['--tmpfs', target],
        ['-w', target],
      ]) {
        const finished = await daemon.gantry([
          'run',
          '--rm',
          ...flags,
          'tricky/links',
          'sh',
          '-c',
          `touch ${target}/x; ls ${target}/`,
        ]);
        assert.doesNotMatch(finished.stdout, /secret/, flags.join(' '));
        if (finished.exitCode !== 0) assert.notEqual(finished.stderr, '', flags.join(' '));
        outside.assertUntouched();
      }
    });
  }

  test('keeps its own volumes and working directory inside', async () => {
    for (const name of ['volumes', 'workdir']) {
      const finished = await daemon.docker([
        'run',
        '--rm',
        `tricky/${name}`,
        'sh',
        '-c',
        'pwd; touch /absolute/x x; ls /absolute /process .',
      ]);
      assert.doesNotMatch(finished.stdout, /secret/, name);
      outside.assertUntouched();
    }
  });
});

test('links in the place of /dev, /proc, /sys and /etc files are not followed to the host', async () => {
  for (const name of ['dev', 'proc', 'sys', 'etc/hosts', 'etc/resolv.conf', 'etc/passwd']) {
    const tag = name.replace('/', '-');
    await loadTricky(daemon, tag, {
      members: [{ name, type: 'symlink', linkName: `${outside.path}/${tag}` }],
    });
    const finished = await daemon.gantry([
      'run',
      '--rm',
      '-u',
      '0',
      `tricky/${tag}`,
      'sh',
      '-c',
      `cat ${outside.path}/secret /${name}/secret`,
    ]);
    assert.doesNotMatch(finished.stdout, /secret/, name);
    outside.assertUntouched();
    await daemon.ok('rmi', `tricky/${tag}`);
  }
  await loadTricky(daemon, 'null', {
    members: [
      { name: 'dev', type: 'directory' },
      { name: 'dev/null', type: 'symlink', linkName: '/proc/sys/kernel/core_pattern' },
      { name: 'dev/console', type: 'symlink', linkName: outside.path },
    ],
  });
  const finished = await daemon.docker(['run', '--rm', 'tricky/null', 'stat', '-c', '%F', '/dev/null']);
  assert.equal(finished.stdout, 'character special file\n', finished.stderr);
});

test('/proc/self/exe as the command runs no program of the host', async () => {
  const finished = await daemon.docker(['run', '--rm', '--entrypoint', '/proc/self/exe', image, '--version']);
  assert.doesNotMatch(finished.stdout, /crun|runc/);
  assert.equal(await daemon.ok('run', '--rm', image, 'echo', 'works'), 'works');
});

test('a user of the host without privileges reaches nothing of the engine', async () => {
  const id = await daemon.ok(
    'run',
    '-d',
    '-v',
    'private:/data',
    image,
    'sh',
    '-c',
    'echo hush > /data/x; echo hush; sleep 1000',
  );
  await daemon.ok('exec', id, 'cat', '/data/x');
  chmodSync(daemon.root, 0o755);
  const tried = [
    `find ${daemon.dataRoot} ${daemon.execRoot} -mindepth 2`,
    `cat ${daemon.dataRoot}/volumes/private/_data/x`,
    `cat ${daemon.dataRoot}/containers/${id}/*.log ${daemon.dataRoot}/containers/${id}/${id}-json.log`,
    `cat ${daemon.dataRoot}/metadata.db | head -c 1`,
    `ls ${daemon.dataRoot}/snapshots/writable/${id}/merged`,
    `cat ${daemon.execRoot}/containers/${id}/config.json`,
    `head -c 1 ${daemon.execRoot}/containers/${id}/stdout`,
    `echo x > ${daemon.execRoot}/events/${id}.exit`,
    `docker -H unix://${daemon.socketPath} ps`,
    `cat /proc/${daemon.pid}/environ /proc/${daemon.pid}/maps`,
  ];
  for (const command of tried) {
    const finished = await run('setpriv', [
      '--reuid',
      '65534',
      '--regid',
      '65534',
      '--clear-groups',
      'sh',
      '-c',
      command,
    ]);
    assert.equal(finished.stdout, '', command);
    assert.match(finished.stderr, /ermission denied|Directory nonexistent|No such file/, command);
  }
  chmodSync(daemon.root, 0o700);
  assert.equal(await daemon.ok('inspect', '-f', '{{.State.Running}}', id), 'true');
  await daemon.ok('rm', '-f', '-v', id);
  await daemon.ok('volume', 'rm', 'private');
});

test('a bind of a missing or hostile source is refused by name and makes nothing', async () => {
  const missing = path.join(daemon.root, 'missing');
  const finished = await daemon.docker([
    'run',
    '--rm',
    '--mount',
    `type=bind,source=${missing},target=/x`,
    image,
    'true',
  ]);
  assert.equal(finished.exitCode, 125);
  assert.match(finished.stderr, new RegExp(`bind source path does not exist: ${missing}`));
  assert.ok(!existsSync(missing));
  for (const [bind, message] of [
    ['../escape:/x', /\.\.\/escape/],
    ['named:relative', /relative/],
    ['named:/', /destination|\//],
    [`${outside.path}:/x:wild`, /wild/],
    ['a\u0000b:/x', /a.*b/s],
  ] as const) {
    const request = { Image: image, Cmd: ['true'], HostConfig: { Binds: [bind] } };
    await assert.rejects(createContainer(daemon.api, request), message, bind);
  }
  outside.assertUntouched();
});
