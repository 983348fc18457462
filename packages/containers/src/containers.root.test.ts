import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { ContainerCreateRequest } from '@gantry/api-types';
import { LeakCheck, type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { EngineProcess, makeBusyboxLayer, removeParentCgroup } from '../testing/engine-client.ts';
import { raiseLoopback } from '../testing/real-engine.ts';

let root: TemporaryRoot;
let leaks: LeakCheck;
let engine: EngineProcess;

before(async () => {
  raiseLoopback();
  root = await temporaryRoot('containers');
  const layerPath = await makeBusyboxLayer(root.path);
  leaks = await LeakCheck.begin({
    tag: root.path,
    cgroupPrefix: path.basename(root.path),
    // The bridge stays for the next engine.
    allow: (kind, line) => kind === 'link' && line === 'gctest0',
  });
  engine = await EngineProcess.open({ root: root.path, layerPath, bridge: 'gctest0' });
});

after(async () => {
  for (const { Id: id = '' } of await engine.list()) await engine.remove(id);
  await engine.close();
  removeParentCgroup(path.basename(root.path));
  await leaks.check();
  await root[Symbol.asyncDispose]();
});

async function output(script: string, request: ContainerCreateRequest = {}): Promise<string> {
  const id = await engine.run(script, request);
  await engine.wait(id);
  return await engine.logs(id);
}

test('a container prints to both streams and ends with its code', async () => {
  const id = await engine.run('echo out; echo err >&2; exit 7');
  assert.equal(await engine.wait(id), 7);
  assert.deepEqual((await engine.logs(id)).split('\n').sort(), ['', 'err', 'out']);
  const { State: state } = await engine.inspect(id);
  assert.deepEqual([state?.Status, state?.ExitCode, state?.Pid], ['exited', 7, 0]);
  await engine.call('start', id);
  assert.equal(await engine.wait(id), 7);
  assert.equal((await engine.logs(id)).split('\n').length, 5);
});

test('the container has its name, hosts, resolver, user and working directory', async () => {
  const text = await output(
    'hostname; id -u; id -g; pwd; echo $HOME; grep web /etc/hosts; test -s /etc/resolv.conf && echo resolv',
    {
      Hostname: 'web',
      User: 'nobody',
      WorkingDir: '/made/here',
    },
  );
  assert.match(text, /^web\n65534\n65534\n\/made\/here\n\/home\n10\.77\.0\.\d+\tweb\nresolv\n$/);
});

test('mounts are where they were asked for, and read-only where that was asked', async () => {
  const source = path.join(root.path, 'source');
  mkdirSync(source);
  writeFileSync(path.join(source, 'file'), 'from the host\n');
  const script =
    'cat /in/file; touch /in/new 2>/dev/null || echo refused; echo kept >/data/x; df /tmp | tail -1 | cut -d" " -f1; touch /rootfs 2>/dev/null || echo read-only';
  const text = await output(script, {
    HostConfig: {
      Binds: [`${source}:/in:ro`, 'stuff:/data', `${root.path}/made:/made`],
      Tmpfs: { '/tmp': 'size=1m' },
      ReadonlyRootfs: true,
    },
  });
  assert.equal(text, 'from the host\nrefused\ntmpfs\nread-only\n');
  assert.ok(existsSync(path.join(root.path, 'made')));
  assert.equal(await output('cat /data/x', { HostConfig: { Binds: ['stuff:/data'] } }), 'kept\n');
});

test('a named volume starts with the image’s content', async () => {
  assert.match(await output('ls /etc', { HostConfig: { Binds: ['etc:/etc'] } }), /passwd/);
});

test('a published port is reached on the host, and free when the container has ended', async () => {
  const request = { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '18080' }] } } };
  const id = await engine.run('echo answer | nc -l -p 80', request);
  assert.equal(await ask(18080), 'answer\n');
  await engine.wait(id);
  const second = await engine.run('sleep 100', request);
  await assert.rejects(engine.run('sleep 100', request), /port is already allocated/);
  const { NetworkSettings: settings } = await engine.inspect(second);
  assert.equal(settings?.Ports?.['80/tcp']?.[0]?.HostPort, '18080');
  await engine.remove(second);
});

test('none has only a loopback, host has the host’s network', async () => {
  assert.match(await output('ls /sys/class/net', { HostConfig: { NetworkMode: 'none' } }), /^lo\n$/);
  assert.match(await output('ls /sys/class/net', { HostConfig: { NetworkMode: 'host' } }), /gctest0/);
});

test('a command that is not there gives 127, one that is not executable 126, and nothing is left', async () => {
  const missing = await engine.create(['no-such-command']);
  await assert.rejects(engine.call('start', missing), /executable file not found in \$PATH/);
  assert.equal((await engine.inspect(missing)).State?.ExitCode, 127);
  assert.equal((await engine.inspect(missing)).State?.Status, 'created');
  const notExecutable = await engine.create(['/etc/passwd']);
  await assert.rejects(engine.call('start', notExecutable), /permission denied/);
  assert.equal((await engine.inspect(notExecutable)).State?.ExitCode, 126);
});

test('every container is held by the seccomp profile, whoever its filter was compiled for', async () => {
  const holder = await engine.run('sleep 1000');
  for (let round = 0; round < 2; round += 1) {
    const text = await output('grep Seccomp /proc/self/status | tr -d "\\t\\n"; unshare -U true 2>&1');
    assert.match(text, /^Seccomp:2Seccomp_filters:1unshare: .*Operation not permitted\n$/);
  }
  const free = await output('grep Seccomp: /proc/self/status', { HostConfig: { Privileged: true } });
  assert.equal(free, 'Seccomp:\t0\n');
  await engine.remove(holder);
});

test('stop ends a shell that ignores SIGTERM by SIGKILL', async () => {
  const id = await engine.run('trap "" TERM; echo ready; while :; do sleep 1; done');
  await engine.call('stop', id, { timeoutSeconds: 1 });
  assert.equal(await engine.wait(id), 137);
});

test('pause freezes, unpause thaws, and a paused container can be stopped', async () => {
  const id = await engine.run('while :; do sleep 1; done');
  await engine.call('pause', id);
  assert.equal((await engine.inspect(id)).State?.Status, 'paused');
  await assert.rejects(engine.exec(id, { Cmd: ['true'] }), /is paused, unpause the container before exec/);
  await engine.call('unpause', id);
  await engine.call('pause', id);
  await engine.call('kill', id, 'KILL');
  assert.equal(await engine.wait(id), 137);
});

test('exec runs beside it, with codes, streams, user and input', async () => {
  const id = await engine.run('sleep 1000', { Env: ['A=outer'] });
  assert.deepEqual(await engine.exec(id, { Cmd: ['sh', '-c', 'echo $A; exit 3'] }), {
    output: 'outer\n',
    exitCode: 3,
  });
  assert.deepEqual(
    await engine.exec(id, { Cmd: ['sh', '-c', 'id -u; pwd'], User: '7', WorkingDir: '/tmp' }),
    {
      output: '7\n/tmp\n',
      exitCode: 0,
    },
  );
  assert.deepEqual(await engine.exec(id, { Cmd: ['cat'], AttachStdin: true }), { output: '', exitCode: 0 });
  const missing = await engine.exec(id, { Cmd: ['no-such-command'] });
  assert.match(missing.output, /executable file not found/);
  assert.equal(missing.exitCode, 127);
  await engine.remove(id);
});

test('top shows the processes of the container only', async () => {
  const id = await engine.run('sleep 1234');
  const top = (await engine.call('top', id, '-o pid,args')) as { Processes: string[][] };
  assert.deepEqual(
    // The shell that becomes it may not have done so yet.
    top.Processes.map((fields) => fields.at(-1)?.replace(/^sh -c /, '')),
    ['sleep 1234'],
  );
  await engine.remove(id);
});

test('a container that uses too much memory is told to have', async () => {
  const id = await engine.run('x=a; while :; do x=$x$x; done', { HostConfig: { Memory: 16 * 1024 * 1024 } });
  assert.equal(await engine.wait(id), 137);
  assert.equal((await engine.inspect(id)).State?.OOMKilled, true);
});

test('a restart policy brings a container back', async () => {
  const id = await engine.run('echo run; exit 1', {
    HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
  });
  for (let inspected = await engine.inspect(id); inspected.State?.Status !== 'exited'; ) {
    await engine.wait(id);
    inspected = await engine.inspect(id);
  }
  assert.equal(await engine.logs(id), 'run\nrun\nrun\n');
  assert.equal((await engine.inspect(id)).RestartCount, 2);
});

test('a line of many megabytes comes through whole', async () => {
  const text = await output('head -c 5000000 /dev/zero | tr "\\0" x');
  assert.equal(text.length, 5_000_000);
});

test('--rm leaves nothing', async () => {
  const id = await engine.create(['sh', '-c', 'echo gone'], { HostConfig: { AutoRemove: true } });
  const removed = engine.wait(id, 'removed');
  await engine.call('start', id);
  assert.equal(await removed, 0);
  assert.ok(!existsSync(path.join(root.path, 'containers', id)));
});

test('storms on one container leave one state and no trace', async () => {
  const id = await engine.create(['sleep', '1000']);
  const methods = ['start', 'stop', 'kill', 'pause', 'unpause', 'restart'];
  const calls = Array.from({ length: 40 }, (_, index) => {
    const method = methods[(index * 5) % methods.length] ?? 'start';
    const argument = method === 'kill' ? 'KILL' : { timeoutSeconds: 0 };
    return engine.call(method, id, argument);
  });
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === 'fulfilled') continue;
    const { kind, message } = result.reason as { kind?: string; message: string };
    assert.ok(['conflict', 'not-modified', 'not-found'].includes(kind ?? ''), message);
  }
  await engine.remove(id);
  const running = await engine.run('sleep 1000');
  const { Pid: pid } = (await engine.inspect(running)).State ?? {};
  assert.ok(readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(path.basename(root.path)));
  await engine.remove(running);
});

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const attempt = (left: number): void => {
      let answer = '';
      const socket = connect(port, '127.0.0.1');
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('error', () => {});
      socket.on('close', () => {
        if (answer !== '') resolve(answer);
        else if (left === 0) reject(new Error(`no answer on ${port}`));
        else setTimeout(() => attempt(left - 1), 50);
      });
    };
    attempt(100);
  });
}
