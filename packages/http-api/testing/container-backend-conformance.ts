import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttachOptions, ContainerCreateRequest } from '@gantry/api-types';
import { EngineError, type ErrorKind } from '@gantry/base';
import type { ContainerBackend, FrameRun, OutputFrame } from '../src/index.ts';

/** A backend and what can be run in it. */
export interface ContainerBackendFixture extends AsyncDisposable {
  backend: ContainerBackend;
  image: string;
  /** Prints `out` to stdout and `err` to stderr, each with a newline, and exits with 0. */
  printBoth: string[];
  /** Copies its input to its output until the input ends. */
  copy: string[];
  /** Exits with 7. */
  exitSeven: string[];
  /** Runs until it is killed. */
  sleep: string[];
  /** Cannot be started. */
  missing: string[];
}

const never: AbortSignal = new AbortController().signal;
const watching: AttachOptions = {
  stdin: false,
  stdout: true,
  stderr: true,
  stream: true,
  logs: false,
  signal: never,
};
const logging = { stdout: true, stderr: true, timestamps: false, details: false, signal: never };
const onceMore = { stream: false, oneShot: true, signal: never };
const all = { all: true, size: false, filters: new Map<string, string[]>() };

/** What every `ContainerBackend` does for the routes, told by the port. Registers tests. */
export function containerBackendConformance(
  name: string,
  open: () => Promise<ContainerBackendFixture>,
): void {
  const check: Check = (title, body) => {
    void test(`${name}: ${title}`, async () => {
      await using fixture = await open();
      await body(fixture, async (container, argv, request = {}) => {
        const whole = { Image: fixture.image, Cmd: argv, ...request };
        const { Id: id } = await fixture.backend.create(whole, { name: container });
        return id;
      });
    });
  };
  objectTests(check);
  streamTests(check);
  lifeTests(check);
}

function objectTests(check: Check): void {
  check(
    'finds a container by name, id and unique prefix, and no other',
    async ({ backend, sleep }, create) => {
      const id = await create('here', sleep);
      for (const ref of ['here', id, id.slice(0, 12)]) {
        const { Id: found, Name: called } = await backend.inspect(ref, { size: false });
        assert.deepEqual([found, called], [id, '/here']);
      }
      const missing = /^No such container: gone$/;
      await rejects(backend.inspect('gone', { size: false }), 'not-found', missing);
      await rejects(backend.start('gone'), 'not-found', missing);
      await rejects(backend.stop('gone', {}), 'not-found', missing);
      await rejects(backend.kill('gone', 'KILL'), 'not-found', /No such container: gone$/);
      await rejects(backend.remove('gone', { force: true, volumes: false }), 'not-found', missing);
      await rejects(backend.attach('gone', watching), 'not-found', missing);
      await rejects(backend.logs('gone', { ...logging, follow: false }), 'not-found', missing);
      await rejects(backend.wait('gone', 'not-running', never), 'not-found', missing);
      await rejects(backend.resize('gone', { rows: 1, columns: 1 }), 'not-found', missing);
      await rejects(backend.update('gone', {}), 'not-found', missing);
      await rejects(backend.stats('gone', onceMore), 'not-found', missing);
    },
  );

  check('refuses an unknown image and a name that is taken', async ({ backend, sleep }, create) => {
    await create('taken', sleep);
    await rejects(
      create('taken', sleep),
      'conflict',
      /^Conflict. The container name "\/taken" is already in use/,
    );
    await rejects(backend.create({ Image: 'nosuch:1' }, {}), 'not-found', /^No such image: nosuch:1$/);
  });

  check('lists what runs, and everything when asked', async ({ backend, sleep }, create) => {
    await create('idle', sleep);
    await create('busy', sleep);
    await backend.start('busy');
    const names = async (options: Partial<typeof all>): Promise<string[]> =>
      (await backend.list({ ...all, ...options }))
        .map(({ Names: [name] = [] }) => name ?? '')
        .toSorted((a, b) => a.localeCompare(b));
    assert.deepEqual(await names({ all: false }), ['/busy']);
    assert.deepEqual(await names({}), ['/busy', '/idle']);
    await rejects(
      backend.list({ ...all, filters: new Map([['bogus', ['x']]]) }),
      'invalid',
      /invalid filter 'bogus'/,
    );
  });

  check('removes a container that runs only by force', async ({ backend, sleep }, create) => {
    await create('one', sleep);
    await backend.start('one');
    await rejects(
      backend.remove('one', { force: false, volumes: false }),
      'conflict',
      /cannot remove container "one"/,
    );
    await backend.remove('one', { force: true, volumes: true });
    assert.deepEqual(await backend.list(all), []);
  });

  check('renames', async ({ backend, sleep }, create) => {
    const id = await create('old', sleep);
    await create('other', sleep);
    await rejects(backend.rename('old', 'other'), 'conflict');
    await backend.rename('old', 'new');
    assert.equal((await backend.inspect('new', { size: false })).Id, id);
    await rejects(backend.inspect('old', { size: false }), 'not-found');
  });
}

function streamTests(check: Check): void {
  check(
    'gives who attached before the start everything, each stream apart, and then the end',
    async ({ backend, printBoth }, create) => {
      await create('one', printBoth);
      const session = await backend.attach('one', watching);
      assert.equal(session.terminal, false);
      assert.equal(session.input, undefined);
      await backend.start('one');
      const frames = await collect(session.output);
      assert.deepEqual([text(frames, 'stdout'), text(frames, 'stderr')], ['out\n', 'err\n']);
      session.close();
      session.close();
    },
  );

  check('takes input, and its end when it is open once', async ({ backend, copy }, create) => {
    await create('one', copy, { OpenStdin: true, StdinOnce: true, AttachStdin: true });
    const session = await backend.attach('one', { ...watching, stdin: true });
    await backend.start('one');
    assert.ok(session.input !== undefined);
    await session.input.write(Buffer.from('one '));
    await session.input.write(Buffer.from('two'));
    session.input.end();
    assert.equal(text(await collect(session.output), 'stdout'), 'one two');
  });

  check('ends the session of a client that aborts, and nothing else', async ({ backend, sleep }, create) => {
    await create('one', sleep);
    await backend.start('one');
    const leaving = new AbortController();
    const session = await backend.attach('one', { ...watching, signal: leaving.signal });
    const output = collect(session.output).catch(() => []);
    leaving.abort();
    await output;
    assert.equal((await backend.inspect('one', { size: false })).State?.Running, true);
  });

  check(
    'replays the log, follows it to the end, and stops following at an abort',
    async ({ backend, printBoth, sleep }, create) => {
      await create('one', printBoth);
      const ended = await backend.wait('one', 'next-exit', never);
      await backend.start('one');
      await ended.result;
      const { terminal, frames } = await backend.logs('one', { ...logging, follow: true });
      assert.equal(terminal, false);
      const seen = await collect(frames);
      assert.deepEqual([text(seen, 'stdout'), text(seen, 'stderr')], ['out\n', 'err\n']);
      const { frames: errors } = await backend.logs('one', { ...logging, stdout: false, follow: false });
      assert.equal(text(await collect(errors), 'stdout'), '');
      await create('two', sleep);
      await backend.start('two');
      const leaving = new AbortController();
      const { frames: followed } = await backend.logs('two', {
        ...logging,
        follow: true,
        signal: leaving.signal,
      });
      const following = collect(followed).catch(() => []);
      leaving.abort();
      await following;
    },
  );
}

function lifeTests(check: Check): void {
  check('says "not modified" when it already is as asked', async ({ backend, sleep }, create) => {
    await create('one', sleep, { StopSignal: 'SIGKILL' });
    await rejects(backend.stop('one', {}), 'not-modified');
    await backend.start('one');
    await rejects(backend.start('one'), 'not-modified');
    await backend.stop('one', { timeoutSeconds: 1 });
    await rejects(backend.stop('one', {}), 'not-modified');
    await backend.restart('one', { timeoutSeconds: 1 });
    assert.equal((await backend.inspect('one', { size: false })).State?.Running, true);
  });

  check(
    'changes limits for good, and tells what is used until it is removed',
    async ({ backend, sleep }, create) => {
      const id = await create('one', sleep);
      assert.deepEqual(await backend.update('one', { CpuShares: 512, Memory: 0, CpusetCpus: '' }), {
        Warnings: [],
      });
      await backend.start('one');
      assert.equal((await backend.inspect('one', { size: false })).HostConfig?.CpuShares, 512);
      const [once, ...more] = await Array.fromAsync(await backend.stats('one', onceMore));
      assert.deepEqual([once?.id, once?.name, once?.pids_stats?.current, more], [id, '/one', 1, []]);
      const stream = await backend.stats('one', { stream: true, oneShot: false, signal: never });
      for await (const sample of stream) {
        assert.equal(sample.id, id);
        await backend.remove('one', { force: true, volumes: false });
      }
    },
  );

  check('resolves waits by their condition', async ({ backend, exitSeven, sleep }, create) => {
    await create('one', exitSeven);
    assert.equal((await (await backend.wait('one', 'not-running', never)).result).StatusCode, 0);
    const next = await backend.wait('one', 'next-exit', never);
    await backend.start('one');
    assert.equal((await next.result).StatusCode, 7);
    assert.equal((await (await backend.wait('one', 'not-running', never)).result).StatusCode, 7);
    const removed = await backend.wait('one', 'removed', never);
    await backend.remove('one', { force: false, volumes: false });
    assert.equal((await removed.result).StatusCode, 7);
    await create('two', sleep);
    await backend.start('two');
    const leaving = new AbortController();
    const abandoned = await backend.wait('two', 'not-running', leaving.signal);
    leaving.abort();
    await assert.rejects(abandoned.result);
  });

  check(
    'ends sessions and removes what was to be removed when a start fails',
    async ({ backend, missing }, create) => {
      await create('one', missing, { HostConfig: { AutoRemove: true } });
      const session = await backend.attach('one', watching);
      const removed = await backend.wait('one', 'removed', never);
      await assert.rejects(backend.start('one'), /executable file not found/);
      await collect(session.output);
      await removed.result;
      await rejects(backend.inspect('one', { size: false }), 'not-found');
    },
  );

  check(
    'pauses, and refuses what a paused or a stopped container cannot do',
    async ({ backend, sleep }, create) => {
      await create('one', sleep);
      await rejects(backend.pause('one'), 'conflict');
      await rejects(backend.kill('one', 'KILL'), 'conflict');
      await rejects(backend.top('one', '-ef'), 'conflict');
      await backend.start('one');
      await rejects(backend.unpause('one'), 'conflict');
      await backend.pause('one');
      assert.equal((await backend.inspect('one', { size: false })).State?.Status, 'paused');
      await rejects(backend.attach('one', watching), 'conflict');
      await backend.unpause('one');
      await backend.kill('one', 'KILL');
      assert.equal((await (await backend.wait('one', 'not-running', never)).result).StatusCode, 137);
    },
  );
}

type Check = (
  title: string,
  body: (fixture: ContainerBackendFixture, create: Create) => Promise<void>,
) => void;
type Create = (name: string, argv: string[], request?: ContainerCreateRequest) => Promise<string>;

async function rejects(work: Promise<unknown>, kind: ErrorKind, message?: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof EngineError, String(error));
    assert.equal(error.kind, kind, error.message);
    if (message !== undefined) assert.match(error.message, message);
    return true;
  });
}

async function collect(
  frames: AsyncIterable<OutputFrame | readonly (OutputFrame | FrameRun)[]>,
): Promise<OutputFrame[]> {
  const seen: OutputFrame[] = [];
  for await (const some of frames) {
    for (const each of [some].flat()) {
      if ('data' in each) seen.push({ ...each, data: Buffer.from(each.data) });
      else {
        const { stream, buffer, bounds } = each;
        for (let at = 0; at < bounds.length; at += 2) {
          seen.push({ stream, data: Buffer.from(buffer.subarray(bounds[at], bounds[at + 1])) });
        }
      }
    }
  }
  return seen;
}

function text(frames: readonly OutputFrame[], stream: OutputFrame['stream']): string {
  return Buffer.concat(frames.filter((frame) => frame.stream === stream).map(({ data }) => data)).toString();
}
