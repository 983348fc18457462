import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadBusybox, loadTricky } from '../support/busybox-image.ts';
import { Outside } from '../support/outside.ts';
import { run } from '../support/processes.ts';
import { repositoryRoot, TestDaemon } from '../support/test-daemon.ts';

/** Ways out of a container that once led out of others. */
const image = 'mirror/busybox';
let daemon: TestDaemon;
let outside: Outside;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  outside = new Outside(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

/** busybox with a small C program, setuid root. */
async function loadProbe(): Promise<void> {
  const program = path.join(daemon.root, 'probe');
  const source = path.join(repositoryRoot, 'tests/support/confined-probe.c');
  assert.equal((await run('gcc', ['-static', '-o', program, source])).stderr, '');
  await loadTricky(daemon, 'probe', {
    members: [{ name: 'bin/probe', content: readFileSync(program), mode: 0o4755 }],
  });
}

test('a setuid program gains nothing in a no-new-privileges container, nor a socket family that is closed', async () => {
  await loadProbe();
  const probe = async (...args: string[]): Promise<string> =>
    await daemon.ok('run', '--rm', '--user', '1000', ...args);
  assert.equal(await probe('tricky/probe', 'probe'), 'euid 0');
  assert.equal(await probe('--security-opt', 'no-new-privileges', 'tricky/probe', 'probe'), 'euid 1000');
  const families = (await probe('tricky/probe', 'probe', '1', '2', '10', '38', '40')).split('\n').slice(1);
  assert.deepEqual(families.slice(0, 2), ['family 1 0', 'family 2 0']);
  assert.deepEqual(families.slice(3), ['family 38 1', 'family 40 1']);
  const id = await daemon.ok(
    'run',
    '-d',
    '--security-opt',
    'no-new-privileges',
    'tricky/probe',
    'sleep',
    '1000',
  );
  assert.equal(await daemon.ok('exec', '--user', '1000', id, 'probe'), 'euid 1000');
  await daemon.ok('rm', '-f', id);
});

test('the OCI runtime cannot be overwritten from inside, neither as an interpreter nor through /proc', async () => {
  const program =
    ['/usr/local/bin/crun', '/usr/bin/crun', '/usr/sbin/runc'].find((file) => existsSync(file)) ?? '';
  const digest = (): string => createHash('sha256').update(readFileSync(program)).digest('hex');
  const first = digest();
  await loadTricky(daemon, 'interpreter', {
    members: [
      { name: 'evil', content: Buffer.from('#!/proc/self/exe\n'), mode: 0o755 },
      { name: 'link', type: 'symlink', linkName: '/proc/self/exe' },
    ],
  });
  for (const command of ['/evil', '/link', '/proc/self/exe']) {
    const finished = await daemon.docker([
      'run',
      '--rm',
      '--entrypoint',
      command,
      'tricky/interpreter',
      '--version',
    ]);
    assert.doesNotMatch(finished.stdout, /crun|runc/, command);
  }
  const attack = 'while :; do for each in /proc/[0-9]*; do echo x > $each/exe; done; done 2>/dev/null';
  const id = await daemon.ok('run', '-d', 'tricky/interpreter', 'sh', '-c', attack);
  for (let turn = 0; turn < 5; turn += 1) {
    await daemon.docker(['exec', id, '/evil']);
    assert.equal(await daemon.ok('exec', id, 'echo', 'alive'), 'alive');
  }
  await daemon.ok('rm', '-f', id);
  assert.equal(digest(), first);
});

test('a terminal of a container is its own, whatever lies at /dev/console, /dev/pts and /dev/ptmx in the image', async () => {
  for (const name of ['console', 'pts', 'ptmx', 'shm', 'fd']) {
    await loadTricky(daemon, name, {
      members: [
        { name: 'dev', type: 'directory' },
        { name: `dev/${name}`, type: 'symlink', linkName: outside.path },
      ],
    });
    const id = await daemon.ok(
      'create',
      '-t',
      `tricky/${name}`,
      'sh',
      '-c',
      'stat -c %F /dev/console; tty; ls -a /dev',
    );
    await daemon.ok('start', id);
    await daemon.ok('wait', id);
    const seen = await daemon.ok('logs', id);
    assert.match(seen, /^character special file\r?\n\/dev\//, name);
    assert.doesNotMatch(seen, /secret/, name);
    await daemon.ok('rm', id);
    outside.assertUntouched();
  }
});

test('starts that race with links in a mount that containers share mount nothing outside', async () => {
  const swap = `while :; do rm -rf /data/sub; ln -s ${outside.path} /data/sub; rm /data/sub; mkdir /data/sub; done 2>/dev/null`;
  const swapper = await daemon.ok('run', '-d', '-v', 'shared:/data', image, 'sh', '-c', swap);
  const victim = async (): Promise<void> => {
    const mounts = ['-v', 'shared:/data', '-v', 'inner:/data/sub', '--tmpfs', '/data/sub/deep'];
    const { stdout } = await daemon.docker([
      'run',
      '--rm',
      ...mounts,
      image,
      'sh',
      '-c',
      'touch /data/sub/x; ls /data/sub/',
    ]);
    assert.doesNotMatch(stdout, /secret/);
  };
  for (let round = 0; round < 4; round += 1) {
    await Promise.all([victim(), victim(), victim()]);
    outside.assertUntouched();
  }
  await daemon.ok('rm', '-f', swapper);
  await daemon.ok('volume', 'rm', 'shared', 'inner');
});

test('what a container writes to its settings goes to no other file of /proc', async () => {
  await loadTricky(daemon, 'proc', {
    members: [
      { name: 'proc', type: 'directory' },
      { name: 'proc/sys', type: 'symlink', linkName: outside.path },
      { name: 'sys', type: 'symlink', linkName: outside.path },
    ],
  });
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
  const sysctl = ['--sysctl', 'net.ipv4.ip_forward=0', '--sysctl', 'kernel.shmmax=4096'];
  const finished = await daemon.docker([
    'run',
    '--rm',
    ...sysctl,
    'tricky/proc',
    'cat',
    '/proc/sys/kernel/shmmax',
  ]);
  if (finished.exitCode === 0) assert.equal(finished.stdout, '4096\n');
  else assert.notEqual(finished.stderr, '');
  assert.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), pattern);
  outside.assertUntouched();
});
