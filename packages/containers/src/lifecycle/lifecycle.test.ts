import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '@gantry/base/testing';
import { ContainerFixture } from '../../testing/index.ts';

const never = new AbortController().signal;

test('a container runs, is waited for, logged and removed', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('echo hello world');
  const { result } = await fixture.service.wait(id, 'next-exit', never);
  await fixture.service.start(id);
  assert.equal((await result).StatusCode, 0);
  assert.equal(await fixture.logs(id), 'hello world\n');
  const inspected = await fixture.service.inspect(id, { size: false });
  assert.equal(inspected.State?.Status, 'exited');
  await fixture.service.remove(id, { force: false, volumes: false });
  await assert.rejects(fixture.service.inspect(id, { size: false }), { message: `No such container: ${id}` });
  assert.deepEqual(fixture.actions(), ['create', 'connect', 'start', 'die', 'disconnect', 'destroy']);
  assert.deepEqual(fixture.runtime.list(), []);
  assert.deepEqual([...fixture.snapshots.mounted], []);
});

test('--rm removes the container and its anonymous volumes at its end', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('sleep', {
    HostConfig: { AutoRemove: true, Binds: ['/scratch', 'kept:/kept'] },
  });
  assert.equal(fixture.snapshots.options.get(id)?.volatile, true);
  await fixture.service.start(id);
  const { result } = await fixture.service.wait(id, 'removed', never);
  fixture.runtime.process(id).end(4);
  assert.equal((await result).StatusCode, 4);
  assert.deepEqual(await fixture.service.list({ all: true, size: false, filters: new Map() }), []);
  assert.deepEqual(
    fixture.volumes.list().map(({ name }) => name),
    ['kept'],
  );
  assert.ok(!existsSync(path.join(fixture.root, 'containers', id)));
});

test('whoever waits for a removal is told when it fails, and it can be asked for again', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('sleep', { HostConfig: { AutoRemove: true } });
  await fixture.service.start(id);
  const { result } = await fixture.service.wait(id, 'removed', never);
  fixture.snapshots.refusals.push(new Error('the disk is away'));
  fixture.runtime.process(id).end(4);
  assert.deepEqual(await result, { StatusCode: 4, Error: { Message: 'the disk is away' } });
  const { State: state } = await fixture.service.inspect(id, { size: false });
  assert.deepEqual([state?.Status, state?.Dead], ['dead', true]);
  await fixture.service.remove(id, { force: true, volumes: false });
  assert.deepEqual(await fixture.service.list({ all: true, size: false, filters: new Map() }), []);
});

test('a command that is not found is told, recorded with 127, and everything is undone', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('missing', {
    HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } },
  });
  const attached = await fixture.service.attach(id, {
    stdin: false,
    stdout: true,
    stderr: true,
    stream: true,
    logs: false,
    signal: never,
  });
  await assert.rejects(fixture.service.start(id), /executable file not found in \$PATH/);
  for await (const frame of attached.output) assert.fail(String(frame.data));
  const { State: state } = await fixture.service.inspect(id, { size: false });
  assert.deepEqual([state?.Status, state?.ExitCode], ['created', 127]);
  assert.match(state?.Error ?? '', /executable file not found/);
  assert.equal(await fixture.wait(id), 127);
  assert.deepEqual([...fixture.snapshots.mounted], []);
  assert.equal(fixture.network.attachment(id), undefined);
  const other = await fixture.create('sleep', {
    HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } },
  });
  await fixture.service.start(other);
});

test('a --rm container that cannot be started is gone', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('missing', { HostConfig: { AutoRemove: true } });
  const { result } = await fixture.service.wait(id, 'removed', never);
  await assert.rejects(fixture.service.start(id));
  assert.equal((await result).StatusCode, 127);
  assert.deepEqual(await fixture.snapshots.list(), []);
});

test('an unknown user and a taken port fail the start, and nothing is left', async () => {
  await using fixture = await ContainerFixture.open();
  const user = await fixture.create('true', { User: 'nobody-here' });
  await assert.rejects(fixture.service.start(user), {
    message: 'unable to find user nobody-here: no matching entries in passwd file',
  });
  const ports = { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } };
  await fixture.run('sleep', ports);
  const second = await fixture.create('sleep', ports);
  await assert.rejects(fixture.service.start(second), /port is already allocated/);
  assert.equal((await fixture.service.inspect(second, { size: false })).State?.ExitCode, 128);
  assert.equal(fixture.snapshots.mounted.size, 1);
});

test('start of a running container and stop of a stopped one change nothing', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  await assert.rejects(fixture.service.start(id), { kind: 'not-modified' });
  await fixture.service.stop(id, {});
  await assert.rejects(fixture.service.stop(id, {}), { kind: 'not-modified' });
});

test('stop sends the stop signal, waits, and kills what does not end', async () => {
  const clock = new ManualClock();
  await using fixture = await ContainerFixture.open(clock);
  const id = await fixture.run('sleep', { StopSignal: 'SIGQUIT', StopTimeout: 3 });
  const process = fixture.runtime.process(id);
  process.ignoredSignals.add(3);
  const stopping = fixture.service.stop(id, {});
  await clock.sleeping();
  await clock.advance(2999);
  assert.deepEqual(process.signals, [3]);
  await clock.advance(1);
  await stopping;
  assert.deepEqual(process.signals, [3, 9]);
  assert.equal(await fixture.wait(id), 137);
  assert.deepEqual(
    fixture.actions().filter((action) => ['kill', 'die', 'stop'].includes(action)),
    ['kill', 'kill', 'die', 'stop'],
  );
});

test('stop of a paused container thaws it', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  await fixture.service.pause(id);
  await assert.rejects(fixture.service.pause(id), { message: `Container ${id} is already paused` });
  await assert.rejects(fixture.service.start(id), {
    message: 'cannot start a paused container, try unpause instead',
  });
  await fixture.service.stop(id, {});
  assert.equal(await fixture.wait(id), 143);
});

test('pause and unpause are told, and refused where they make no sense', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  await assert.rejects(fixture.service.unpause(id), { message: `Container ${id} is not paused` });
  await fixture.service.pause(id);
  assert.match(
    (await fixture.service.list({ all: false, size: false, filters: new Map() }))[0]?.Status ?? '',
    /^Up .* \(Paused\)$/,
  );
  await fixture.service.unpause(id);
  await fixture.service.kill(id, 'KILL');
  await fixture.wait(id);
  await assert.rejects(fixture.service.pause(id), { message: `container ${id} is not running` });
  await assert.rejects(fixture.service.kill(id, 'HUP'), {
    kind: 'conflict',
    message: new RegExp(`container ${id} is not running$`),
  });
});

test('kill takes names, numbers and real-time signals', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  const process = fixture.runtime.process(id);
  for (const number of [1, 10, 37]) process.ignoredSignals.add(number);
  await fixture.service.kill(id, 'HUP');
  await fixture.service.kill(id, '10');
  await fixture.service.kill(id, 'sigrtmin+3');
  assert.deepEqual(process.signals, [1, 10, 37]);
  await assert.rejects(fixture.service.kill('sleepy', 'NOPE'), /No such container: sleepy$/);
  await assert.rejects(fixture.service.kill(id, 'NOPE'), {
    message: `cannot kill container: ${id}: invalid signal: NOPE`,
  });
});

test('a running container is removed by force only', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('sleep', {}, 'web');
  await fixture.service.start(id);
  await assert.rejects(fixture.service.remove('web', { force: false, volumes: false }), {
    kind: 'conflict',
    message:
      'cannot remove container "web": container is running: stop the container before removing or force remove',
  });
  await fixture.service.remove('web', { force: true, volumes: false });
  await assert.rejects(fixture.service.remove('web', { force: true, volumes: false }), {
    message: 'No such container: web',
  });
});

test('restart ends the run and starts another, whether it ran or not', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  const first = fixture.runtime.process(id);
  await fixture.service.restart(id, {});
  const second = fixture.runtime.process(id);
  assert.ok(first.hasEnded && !second.hasEnded);
  await fixture.service.stop(id, {});
  await fixture.service.restart(id, {});
  assert.equal((await fixture.service.inspect(id, { size: false })).State?.Running, true);
  assert.equal((await fixture.service.inspect(id, { size: false })).RestartCount, 0);
});

test('storms of start, stop, kill, pause and rm on one container end in order', async () => {
  await using fixture = await ContainerFixture.open();
  for (let round = 0; round < 20; round += 1) {
    const id = await fixture.create('sleep');
    const { service } = fixture;
    const calls = Array.from({ length: 30 }, (_, index) => {
      const operations = [
        () => service.start(id),
        () => service.stop(id, { timeoutSeconds: 0 }),
        () => service.kill(id, 'KILL'),
        () => service.pause(id),
        () => service.unpause(id),
        () => service.restart(id, { timeoutSeconds: 0 }),
      ];
      return operations[(index * 7 + round) % operations.length]?.();
    });
    const results = await Promise.allSettled([...calls, service.remove(id, { force: true, volumes: true })]);
    for (const result of results) {
      if (result.status === 'rejected') {
        assert.ok(
          ['conflict', 'not-modified', 'not-found'].includes((result.reason as { kind: string }).kind),
          String(result.reason),
        );
      }
    }
    await service.remove(id, { force: true, volumes: true }).catch(() => {});
    assert.deepEqual(await fixture.snapshots.list(), []);
    assert.deepEqual(fixture.runtime.list(), []);
    assert.equal(fixture.network.attachment(id), undefined);
  }
});

test('of concurrent removals one is told of the other', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  const removals = await Promise.allSettled(
    Array.from({ length: 5 }, () => fixture.service.remove(id, { force: true, volumes: false })),
  );
  assert.ok(removals.some(({ status }) => status === 'fulfilled'));
});

test('waiters are served by their condition', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('sleep');
  assert.equal(await fixture.wait(id, 'not-running'), 0);
  const next = fixture.wait(id, 'next-exit');
  const removed = fixture.wait(id, 'removed');
  const leaving = new AbortController();
  const left = await fixture.service.wait(id, 'next-exit', leaving.signal);
  leaving.abort();
  await assert.rejects(left.result, { name: 'AbortError' });
  await fixture.service.start(id);
  fixture.runtime.process(id).end(9);
  assert.equal(await next, 9);
  await fixture.service.remove(id, { force: false, volumes: false });
  assert.equal(await removed, 9);
});

test('the container sees its own hosts, hostname and resolv.conf', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep', {
    Hostname: 'web',
    Domainname: 'example.org',
    HostConfig: {
      ExtraHosts: ['db:10.0.0.9', 'host:host-gateway'],
      Dns: ['9.9.9.9'],
      DnsSearch: ['example.org'],
    },
  });
  const read = (name: string): string =>
    readFileSync(path.join(fixture.root, 'containers', id, name), 'utf8');
  assert.equal(read('hostname'), 'web\n');
  assert.match(
    read('hosts'),
    /^127\.0\.0\.1\tlocalhost\n[^]*\n10\.0\.0\.9\tdb\n172\.17\.0\.1\thost\n172\.17\.0\.2\tweb\.example\.org web\n$/,
  );
  assert.match(read('resolv.conf'), /\nnameserver 9\.9\.9\.9\nsearch example\.org\n$/);
  const mounts = fixture.runtime.requests[0]?.spec.mounts.map(({ destination }) => destination);
  assert.deepEqual(mounts, ['/etc/resolv.conf', '/etc/hostname', '/etc/hosts']);
});

test('what the process gets is what the options say', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep', {
    User: '5:6',
    Tty: true,
    OpenStdin: true,
    WorkingDir: '/srv/deep',
    Env: ['A=1'],
    HostConfig: {
      ConsoleSize: [40, 100],
      CapAdd: ['NET_ADMIN'],
      CapDrop: ['ALL'],
      ReadonlyRootfs: true,
      Tmpfs: { '/run': 'size=1m' },
      Binds: ['/srv:/srv:ro', 'data:/srv/data'],
      GroupAdd: ['7'],
      Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }],
    },
  });
  const request = fixture.runtime.requests[0];
  assert.ok(request !== undefined);
  const { process, mounts, root } = request.spec;
  assert.deepEqual(process.user, { uid: 5, gid: 6, additionalGids: [6, 7] });
  assert.deepEqual(process.env, [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `HOSTNAME=${id.slice(0, 12)}`,
    'TERM=xterm',
    'A=1',
    'HOME=/',
  ]);
  assert.equal(process.cwd, '/srv/deep');
  assert.deepEqual(process.capabilities?.bounding, ['CAP_NET_ADMIN']);
  assert.deepEqual(process.rlimits, [{ type: 'RLIMIT_NOFILE', soft: 10, hard: 20 }]);
  assert.deepEqual(request.terminal, { rows: 40, columns: 100 });
  assert.equal(root.readonly, true);
  assert.deepEqual(
    mounts.slice(3).map(({ destination, options }) => [destination, options]),
    [
      ['/srv', ['rbind', 'rro', 'rprivate']],
      ['/run', ['noexec', 'nosuid', 'nodev', 'size=1m']],
      ['/srv/data', ['rbind', 'rw', 'rprivate']],
    ],
  );
  assert.ok(existsSync(path.join(fixture.root, 'snapshots', id, 'srv/deep')));
});

test('resize and rename', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('sleep', { Tty: true }, 'before');
  await assert.rejects(fixture.service.resize(id, { rows: 1, columns: 1 }), {
    message: `container ${id} is not running`,
  });
  await fixture.service.start(id);
  await fixture.service.resize(id, { rows: 30, columns: 90 });
  assert.deepEqual(fixture.runtime.process(id).size, { rows: 30, columns: 90 });
  await assert.rejects(fixture.service.resize(id, { rows: -1, columns: 90 }), { kind: 'invalid' });
  await fixture.service.rename(id, 'after');
  await assert.rejects(fixture.service.inspect('before', { size: false }), { kind: 'not-found' });
  assert.equal((await fixture.service.inspect('after', { size: false })).Id, id);
  await assert.rejects(fixture.service.rename('after', 'after'), /same name/);
});

test('a container that ran out of memory says so', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.run('sleep');
  fixture.runtime.process(id).runOutOfMemory();
  fixture.runtime.process(id).end(137, { outOfMemory: true });
  assert.equal(await fixture.wait(id), 137);
  assert.equal((await fixture.service.inspect(id, { size: false })).State?.OOMKilled, true);
  assert.ok(fixture.actions().includes('oom'));
});

test('containers are found by name, id and unique prefix', async () => {
  await using fixture = await ContainerFixture.open();
  const ids = await Promise.all(Array.from({ length: 20 }, () => fixture.create('true')));
  const [id = ''] = ids;
  assert.equal((await fixture.service.inspect(id.slice(0, 12), { size: false })).Id, id);
  await assert.rejects(fixture.service.inspect('', { size: false }), { kind: 'not-found' });
  const shared =
    '0123456789abcdef'.split('').find((digit) => ids.filter((one) => one.startsWith(digit)).length > 1) ?? '';
  await assert.rejects(fixture.service.inspect(shared, { size: false }), {
    message: `multiple IDs found with provided prefix: ${shared}`,
  });
});

test('sizes are those of the snapshot and its layers', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('true');
  const { SizeRw: own, SizeRootFs: all } = await fixture.service.inspect(id, { size: true });
  assert.deepEqual([own, all], [5, 105]);
});

test('images know who uses them', async () => {
  await using fixture = await ContainerFixture.open();
  const id = await fixture.create('true', {}, 'user');
  const { Image: image = '' } = await fixture.service.inspect(id, { size: false });
  assert.deepEqual(fixture.service.containersUsing(image as `sha256:${string}`), [
    { id, name: 'user', running: false, manifestDigest: image },
  ]);
  assert.deepEqual(fixture.service.countContainers(), { running: 0, paused: 0, stopped: 1 });
});
