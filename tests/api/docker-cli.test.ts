import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { startTestServer, type TestServer } from '@gantry/http-api/testing';
import { type Finished, type RunOptions, run } from '../support/processes.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server[Symbol.asyncDispose]());

function docker(args: string, options: RunOptions = {}): Promise<Finished> {
  return run('docker', ['-H', `unix://${server.socketPath}`, ...args.split(' ')], {
    timeoutMs: 20_000,
    ...options,
  });
}

/** Runs docker on a terminal: `script` makes one. */
function onTerminal(args: string, options: RunOptions = {}): Promise<Finished> {
  const command = `stty rows 33 cols 77; docker -H unix://${server.socketPath} ${args}`;
  return run('script', ['-qec', command, '/dev/null'], { timeoutMs: 20_000, ...options });
}

describe('docker CLI 28', () => {
  it('runs a container and gives its output and exit code', async () => {
    const { exitCode, stdout, stderr } = await docker('run --rm busybox echo hello world');
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: 'hello world\n', stderr: '' });
    assert.equal((await docker('run --rm busybox exit 7')).exitCode, 7);
    assert.equal((await docker('ps -aq')).stdout, '');
  });

  it('tells stdout and stderr apart', async () => {
    const { stdout, stderr } = await docker('run busybox warn oh dear');
    assert.deepEqual({ stdout, stderr }, { stdout: '', stderr: 'oh dear\n' });
  });

  it('runs with input, to the end of the input', async () => {
    const stdin = 'line\n'.repeat(100_000);
    const { exitCode, stdout } = await docker('run --rm -i busybox cat', { stdin });
    assert.equal(exitCode, 0);
    assert.equal(stdout, stdin);
  });

  it('runs on a terminal of the right size', async () => {
    const { exitCode, stdout } = await onTerminal('run --rm -it busybox echo on a terminal');
    assert.equal(exitCode, 0);
    assert.equal(stdout, 'on a terminal\r\n');
  });

  it('runs detached, lists, logs, stops and removes', async () => {
    const id = (await docker('run -d --name web -l a=b busybox sleep')).stdout.trim();
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal((await docker('ps --format {{.Names}} --filter name=web')).stdout, 'web\n');
    server.containers.find('web').process.print('served\n');
    assert.equal((await docker('logs web')).stdout, 'served\n');
    assert.equal((await docker('logs -t web')).stdout, '2026-01-02T03:04:05.678901234Z served\n');
    const following = docker('logs -f web');
    assert.equal((await docker('stop web')).exitCode, 0);
    assert.equal((await following).stdout, 'served\n');
    assert.equal((await docker('rm web')).stdout, 'web\n');
  });

  it('executes: output, input, detached, exit code, a command that is missing', async () => {
    await docker('run -d --name c busybox sleep');
    assert.equal((await docker('exec c echo hi')).stdout, 'hi\n');
    assert.equal((await docker('exec -i c cat', { stdin: 'in' })).stdout, 'in');
    assert.equal((await docker('exec -d c echo')).exitCode, 0);
    assert.equal((await docker('exec c exit 9')).exitCode, 9);
    assert.equal((await docker('exec c nosuch')).exitCode, 127);
    assert.equal((await onTerminal('exec -it c size')).stdout, '33 77\r\n');
  });

  it('attaches to a container that runs, and passes signals on', async () => {
    await docker('run -d --name c busybox sleep');
    const child = spawn('docker', ['-H', `unix://${server.socketPath}`, 'attach', '--no-stdin', 'c'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { process } = server.containers.find('c');
    await process.subscriberJoined();
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    assert.equal(await exited, 143);
  });

  it('explains what went wrong, with the exit codes of docker run', async () => {
    const missing = await docker('run --rm busybox nosuch');
    assert.equal(missing.exitCode, 127);
    assert.match(missing.stderr, /exec: "nosuch": executable file not found in \$PATH/);
    assert.equal((await docker('ps -aq')).stdout, '');
    await docker('create --name taken busybox echo');
    const taken = await docker('run --name taken busybox echo');
    assert.equal(taken.exitCode, 125);
    assert.match(taken.stderr, /Conflict. The container name "\/taken" is already in use by container/);
    const unknown = await docker('inspect nosuch');
    assert.equal(unknown.exitCode, 1);
    assert.match(unknown.stderr, /No such object: nosuch/);
  });

  it('pulls an image that is missing, then runs it', async () => {
    const { exitCode, stderr } = await docker('run --rm absent/image:1 echo', {});
    assert.match(stderr, /Unable to find image 'absent\/image:1' locally/);
    assert.equal(server.images.pulled[0]?.ref, 'docker.io/absent/image:1');
    assert.notEqual(exitCode, 0);
  });

  it('pulls, lists, inspects, tags, saves, loads, imports and removes images', async () => {
    assert.match((await docker('pull localhost:5000/a/b')).stdout, /Downloaded newer image/);
    assert.equal(server.images.pulled[0]?.ref, 'localhost:5000/a/b:latest');
    await docker('pull --platform linux/arm64 busybox@sha256:'.concat('a'.repeat(64)));
    assert.equal(server.images.pulled[1]?.ref, `docker.io/library/busybox@sha256:${'a'.repeat(64)}`);
    assert.deepEqual(server.images.pulled[1]?.platform, { os: 'linux', architecture: 'arm64' });
    assert.equal(
      (await docker('image inspect --format {{.Os}} localhost:5000/a/b:latest')).stdout,
      'linux\n',
    );
    assert.equal((await docker('tag busybox x/y/z:1')).exitCode, 0);
    assert.match((await docker('images')).stdout, /x\/y\/z +1 /);
    assert.match((await docker('history x/y/z:1')).stdout, /fake/);
    assert.equal((await docker('save x/y/z:1')).stdout.slice(0, 7), 'x/y/z:1');
    assert.equal((await docker('load', { stdin: 'a tar' })).stdout, 'Loaded image: loaded:latest\n');
    assert.match((await docker('load', { stdin: 'poison' })).stderr, /archive is poisoned/);
    assert.match((await docker('import - some:1', { stdin: 'a tar' })).stdout, /^sha256:/);
    assert.match((await docker('rmi x/y/z:1')).stdout, /Untagged: x\/y\/z:1/);
    const denied = await docker('pull nosuch');
    assert.match(denied.stderr, /pull access denied/);
    const broken = await docker('pull broken');
    assert.match(broken.stderr, /layer is not what it claims to be/);
    assert.equal(broken.exitCode, 1);
  });

  it('watches events, looks at networks, volumes, version and info', async () => {
    const events = docker('events --since 1 --until 2 --format {{.Action}}');
    assert.equal((await events).exitCode, 0);
    assert.equal((await docker('network ls --format {{.Name}}')).stdout, 'bridge\n');
    assert.equal((await docker('network inspect --format {{.Driver}} bridge')).stdout, 'bridge\n');
    assert.equal((await docker('volume create data')).stdout, 'data\n');
    assert.equal((await docker('volume ls -q')).stdout, 'data\n');
    assert.equal((await docker('volume rm data')).exitCode, 0);
    assert.equal((await docker('version --format {{.Server.Version}}')).stdout, '0.1.0\n');
    assert.equal((await docker('info --format {{.Name}}')).stdout, 'fake\n');
  });

  it('names what is not built', async () => {
    const { stderr } = await docker('plugin install --grant-all-permissions anything');
    assert.match(stderr, /GetPluginPrivileges \(GET \/plugins\/privileges\) is not built yet/);
    assert.match((await docker('node ls')).stderr, /This node is not a swarm manager/);
    assert.match((await docker('plugin inspect x')).stderr, /plugin "x" not found/);
  });

  it('works with the oldest API version', async () => {
    const { stdout, exitCode } = await docker('run --rm busybox echo old', {
      env: { DOCKER_API_VERSION: '1.24' },
    });
    assert.deepEqual({ stdout, exitCode }, { stdout: 'old\n', exitCode: 0 });
    const { stderr } = await docker('ps', { env: { DOCKER_API_VERSION: '1.23' } });
    assert.match(stderr, /client version 1.23 is too old. Minimum supported API version is 1.24/);
  });
});
