import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeTestImage } from '@gantry/testkit';
import { loadBusybox } from '../support/busybox-image.ts';
import { needsDocker28 } from '../support/docker-version.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

async function loadSmallImage(name: string, label: string): Promise<void> {
  const { archive } = makeTestImage({
    format: 'docker-archive',
    images: [
      {
        names: [name],
        layers: [[{ name: 'payload', content: Buffer.alloc(100_000, name) }]],
        config: { config: { Labels: { tier: label } } },
      },
    ],
  });
  const loaded = await daemon.docker(['load'], { stdin: archive });
  assert.equal(loaded.exitCode, 0, loaded.stderr);
}

for (const program of programs) {
  const run = async (...args: string[]): Promise<string> => {
    const finished = await daemon[program](args);
    assert.equal(finished.exitCode, 0, `${args.join(' ')}: ${finished.stderr}`);
    return finished.stdout;
  };

  test(`${program} system df counts images, containers and volumes, and what could go`, async () => {
    await daemon.ok('run', '-d', '--name', 'busy', '-v', 'kept:/kept', image, 'sleep', '1000');
    await daemon.ok('exec', 'busy', 'dd', 'if=/dev/zero', 'of=/kept/file', 'bs=1000', 'count=250');
    await daemon.ok('run', '--name', 'idle', image, 'dd', 'if=/dev/zero', 'of=/big', 'bs=1000', 'count=300');
    const rows = (await run('system', 'df', '--format', '{{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}'))
      .trimEnd()
      .split('\n');
    assert.match(rows[0] ?? '', /^Images\|1\|1\|[\d.]+MB$/);
    assert.equal(rows[1], 'Containers|2|1|300kB');
    assert.equal(rows[2], 'Local Volumes|1|1|250kB');
    assert.equal(rows[3], 'Build Cache|0|0|0B');
    assert.match(await run('system', 'df'), /^Containers +2 +1 +300kB +300kB \(100%\)$/m);
    const verbose = await run('system', 'df', '-v');
    assert.match(verbose, /^mirror\/busybox +latest .* 0B +[\d.]+MB +2$/m);
    assert.match(verbose, /^[0-9a-f]{12} .* 300kB .* Exited \(0\) .* idle$/m);
    assert.match(verbose, /^kept +1 +250kB$/m);
    await daemon.ok('rm', '-f', 'busy', 'idle');
    await daemon.ok('volume', 'rm', 'kept');
  });

  test(`${program} container prune takes what does not run, by label and age, and asks first`, async () => {
    await daemon.ok('run', '-d', '--name', 'busy', image, 'sleep', '1000');
    const old = await daemon.ok('create', '--name', 'labelled', '--label', 'keep=yes', image);
    const idle = await daemon.ok('run', '-d', '--name', 'idle', image, 'sh', '-c', 'echo 12345 > /file');
    await daemon.ok('wait', 'idle');
    const refused = await daemon[program](['container', 'prune'], { stdin: Buffer.from('n\n') });
    assert.match(refused.stdout, /^WARNING! This will remove all stopped containers\.\nAre you sure/);
    assert.equal(
      await run('container', 'prune', '-f', '--filter', 'until=1h'),
      'Total reclaimed space: 0B\n',
    );
    const pruned = await run('container', 'prune', '-f', '--filter', 'label!=keep');
    assert.equal(pruned, `Deleted Containers:\n${idle}\n\nTotal reclaimed space: 6B\n`);
    const confirmed = await daemon[program](['container', 'prune'], { stdin: Buffer.from('y\n') });
    assert.match(confirmed.stdout, new RegExp(`Deleted Containers:\n${old}\n`));
    assert.equal(await daemon.ok('ps', '-a', '--format', '{{.Names}}'), 'busy');
    const unknown = await daemon[program](['container', 'prune', '-f', '--filter', 'color=red']);
    assert.match(unknown.stderr, /[Ii]nvalid filter 'color'/);
    await daemon.ok('rm', '-f', 'busy');
  });

  test(`${program} image prune takes images without a name, with -a all that no container uses`, async () => {
    await loadSmallImage('small/one:1', 'front');
    await loadSmallImage('small/two:1', 'back');
    await daemon.ok('create', '--name', 'user', image);
    await daemon.ok('tag', 'small/one:1', 'small/more:1');
    assert.equal(await run('image', 'prune', '-f'), 'Total reclaimed space: 0B\n');
    const byLabel = await run('image', 'prune', '-af', '--filter', 'label=tier=front');
    assert.match(byLabel, /^Deleted Images:\nuntagged: small\/(one|more):1\nuntagged: small\/(one|more):1\n/);
    assert.match(byLabel, /^deleted: sha256:[0-9a-f]{64}$/m);
    assert.match(byLabel, /\n\nTotal reclaimed space: (1|2)\d\d(\.\d)?kB\n$/);
    assert.match(await run('image', 'prune', '-af'), /untagged: small\/two:1/);
    assert.equal(await daemon.ok('images', '--format', '{{.Repository}}'), image);
    await daemon.ok('rm', 'user');
  });

  test(
    `${program} system prune takes containers, networks and images, and volumes when told to`,
    needsDocker28(program),
    async () => {
      const id = await daemon.ok('create', '--name', 'user', '-v', '/data', image);
      const volume = await daemon.ok('volume', 'ls', '-q');
      const warning = (await daemon[program](['system', 'prune', '--volumes'], { stdin: Buffer.from('n\n') }))
        .stdout;
      assert.match(
        warning,
        /WARNING! This will remove:\n {2}- all stopped containers\n {2}- all networks not/,
      );
      const pruned = await run('system', 'prune', '-f', '--volumes');
      assert.match(pruned, new RegExp(`Deleted Containers:\n${id}\n`));
      assert.match(pruned, new RegExp(`Deleted Volumes:\n${volume}\n`));
      assert.match(pruned, /\nTotal reclaimed space: [\d.]+k?B\n$/);
      assert.equal(await daemon.ok('ps', '-aq'), '');
      assert.equal(await daemon.ok('volume', 'ls', '-q'), '');
      assert.equal(await daemon.ok('images', '--format', '{{.Repository}}'), image);
    },
  );

  if (peer === undefined) {
    test(
      `${program} volume prune takes anonymous volumes, with -a named ones, never one in use`,
      needsDocker28(program),
      async () => {
        await daemon.ok('create', '--name', 'user', '-v', 'used:/used', image);
        await daemon.ok('volume', 'create', '--label', 'tier=back', 'named');
        const anonymous = await daemon.ok('volume', 'create');
        assert.equal(
          await run('volume', 'prune', '-f'),
          `Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: 0B\n`,
        );
        const all = await run('volume', 'prune', '-af', '--filter', 'label=tier=back');
        assert.match(all, /^Deleted Volumes:\nnamed\n/);
        assert.equal(await daemon.ok('volume', 'ls', '-q'), 'used');
        assert.equal(await run('network', 'prune', '-f'), '');
        await daemon.ok('rm', 'user');
        await daemon.ok('volume', 'rm', 'used');
      },
    );
  }
}

/** A stopped container `idle` with a volume `kept`. */
async function leaveIdle(): Promise<void> {
  await daemon.ok('run', '--name', 'idle', '-v', 'kept:/kept', image, 'sh', '-c', 'echo 12345 > /kept/file');
}

/** Without ages, and the widths of columns that follow from them. */
function ageless(text: string): string {
  return text
    .replaceAll(/(Less than a second|About a minute|\d+ (second|minute)s?) ago/g, 'AGO')
    .replaceAll(/ +/g, ' ');
}

if (peer === undefined) {
  test('both programs print the same', needsDocker28('docker'), async () => {
    await leaveIdle();
    for (const args of [
      ['system', 'df'],
      ['system', 'df', '-v'],
      ['system', 'df', '--format', 'json'],
    ]) {
      const [ours, theirs] = [await daemon.gantry(args), await daemon.docker(args)];
      assert.equal(ageless(ours.stdout), ageless(theirs.stdout));
    }
    await daemon.ok('rm', 'idle');
    await daemon.ok('volume', 'rm', 'kept');
  });

  test('a prune is told as an event, and two of a kind exclude each other', async () => {
    await leaveIdle();
    const since = String(Math.floor(Date.now() / 1000) - 1);
    const prunes = await Promise.all(
      Array.from({ length: 8 }, () => daemon.gantry(['container', 'prune', '-f'])),
    );
    for (const { exitCode, stderr } of prunes.filter((prune) => prune.exitCode !== 0)) {
      assert.equal(exitCode, 1);
      assert.match(stderr, /a prune operation is already running/);
    }
    assert.ok(prunes.some(({ stdout }) => stdout.startsWith('Deleted Containers:')));
    const until = String(Date.now() / 1000);
    const events = await daemon.ok('events', '--since', since, '--until', until, '--filter', 'event=prune');
    assert.match(events, /container prune {2}\(reclaimed=\d+\)/);
    await daemon.ok('volume', 'rm', 'kept');
  });
}
