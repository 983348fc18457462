import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { FakeEngine, frame } from '../../../testing/fake-engine.ts';
import { type ProgramResult, runDocker, runGantry } from '../../../testing/run-program.ts';

const id = 'e'.repeat(64);

interface Script {
  exitCode?: number;
  output?: readonly Buffer[];
  /** Sends stdin back until it ends. */
  echo?: boolean;
  startError?: { status: number; message: string };
}

/** A container that writes `output` once it is started, and then ends. */
async function engineWith({
  exitCode = 0,
  output = [],
  echo = false,
  startError,
}: Script): Promise<FakeEngine> {
  const engine = await FakeEngine.start();
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  engine.on('POST', '/containers/create', {
    status: 201,
    json: { Id: id, Warnings: ['swap is not limited'] },
  });
  engine.on('POST', `/containers/${id}/start`, () => {
    if (startError) return { status: startError.status, json: { message: startError.message } };
    started.resolve();
    return { status: 204 };
  });
  engine.on('POST', `/containers/${id}/wait`, async (_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
    await ended.promise;
    response.end(JSON.stringify({ StatusCode: exitCode }));
    return 'handled' as const;
  });
  engine.onHijack(`/containers/${id}/attach`, (socket) => {
    const finish = (): void => {
      socket.end();
      ended.resolve();
    };
    void started.promise.then(() => {
      for (const chunk of output) socket.write(chunk);
      if (!echo) return finish();
      socket.on('data', (data: Buffer) => socket.write(frame(1, data.toString().toUpperCase())));
      socket.on('end', finish);
    });
  });
  return engine;
}

async function both(
  args: string[],
  script: Script,
  input = '',
): Promise<{ docker: ProgramResult; gantry: ProgramResult }> {
  await using forDocker = await engineWith(script);
  await using forGantry = await engineWith(script);
  const [docker, gantry] = await Promise.all([
    runDocker(args, { host: forDocker.host, input }),
    runGantry(args, { host: forGantry.host, input }),
  ]);
  const rename = (result: ProgramResult): ProgramResult => ({
    ...result,
    stderr: result.stderr.replaceAll('docker', 'gantry'),
  });
  return { docker: rename(docker), gantry };
}

test('prints both streams, the warnings, and ends with the exit code of the container, as docker does', async () => {
  const output = [frame(1, 'out\n'), frame(2, 'err\n'), frame(1, 'x'.repeat(100_000))];
  const { docker, gantry } = await both(['run', '--rm', 'img', 'cmd'], { output, exitCode: 42 });
  assert.deepEqual(gantry, docker);
  assert.equal(gantry.code, 42);
});

test('passes stdin on, ends it, and prints what comes after', async () => {
  const { docker, gantry } = await both(['run', '-i', 'img'], { echo: true }, 'hello\nworld\n');
  assert.deepEqual(gantry, docker);
  assert.equal(gantry.stdout, 'HELLO\nWORLD\n');
});

test('prints the id with -d', async () => {
  const { docker, gantry } = await both(['run', '-d', 'img'], {});
  assert.deepEqual(gantry, docker);
  assert.equal(gantry.stdout, `${id}\n`);
});

for (const [message, code] of [
  ['OCI runtime error: exec: "nope": executable file not found in $PATH', 127],
  ['OCI runtime error: exec: "/etc": permission denied', 126],
  ['something else', 125],
] as const) {
  test(`ends with ${code} when the start fails with: ${message}`, async () => {
    const { docker, gantry } = await both(['run', 'img', 'nope'], { startError: { status: 400, message } });
    assert.deepEqual(gantry, docker);
    assert.equal(gantry.code, code);
  });
}

test('refuses a terminal when stdin is none', async () => {
  const { docker, gantry } = await both(['run', '-it', 'img'], {});
  assert.deepEqual([gantry.code, gantry.stderr], [docker.code, docker.stderr]);
});

test('pulls a missing image, says so on stderr, and creates again', async () => {
  await using engine = await engineWith({ output: [frame(1, 'hi\n')] });
  let attempts = 0;
  engine.on('POST', '/containers/create', () => {
    attempts += 1;
    return attempts === 1
      ? { status: 404, json: { message: 'No such image: mirror/busybox:latest' } }
      : { status: 201, json: { Id: id, Warnings: [] } };
  });
  engine.on('POST', '/images/create', {
    json: { status: 'Pulling from mirror/busybox', id: 'latest' },
  });
  const result = await runGantry(['run', 'mirror/busybox', 'echo', 'hi'], engine);
  assert.deepEqual(result, {
    code: 0,
    stdout: 'hi\n',
    stderr: "Unable to find image 'mirror/busybox:latest' locally\nlatest: Pulling from mirror/busybox\n",
  });
  const [pull] = engine.to('/images/create');
  assert.deepEqual([pull?.query.get('fromImage'), pull?.query.get('tag')], ['mirror/busybox', 'latest']);
  assert.equal(pull?.headers['x-registry-auth'], 'e30=');
});

test('does not pull with --pull=never', async () => {
  await using engine = await engineWith({});
  engine.on('POST', '/containers/create', { status: 404, json: { message: 'No such image: a:latest' } });
  const result = await runGantry(['run', '--pull=never', 'a'], engine);
  assert.equal(result.code, 125);
  assert.equal(
    result.stderr,
    "gantry: Error response from daemon: No such image: a:latest\n\nRun 'gantry run --help' for more information\n",
  );
  assert.equal(engine.to('/images/create').length, 0);
});

test('writes the id file, and refuses one that is there', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'gantry-cid-'));
  const file = path.join(directory, 'cid');
  try {
    await using engine = await engineWith({});
    assert.equal((await runGantry(['run', '--cidfile', file, 'img'], engine)).code, 0);
    assert.equal(readFileSync(file, 'utf8'), id);
    const again = await runGantry(['run', '--cidfile', file, 'img'], engine);
    assert.equal(again.code, 125);
    assert.match(again.stderr, /container ID file found/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('waits for the next exit, or with --rm for the removal, and attaches before it starts', async () => {
  for (const [flag, condition] of [
    ['--rm', 'removed'],
    ['--rm=false', 'next-exit'],
  ] as const) {
    await using engine = await engineWith({});
    await runGantry(['run', flag, 'img'], engine);
    assert.equal(engine.to(`/containers/${id}/wait`)[0]?.query.get('condition'), condition);
    const order = engine.requests.map(({ path: asked }) => asked.split('/').at(-1));
    assert.deepEqual(order.slice(0, 1), ['create']);
    assert.deepEqual(
      order.slice(1, 3).toSorted((left, right) => ((left ?? '') < (right ?? '') ? -1 : 1)),
      ['attach', 'wait'],
    );
    assert.deepEqual(order.slice(3), ['start']);
  }
});
