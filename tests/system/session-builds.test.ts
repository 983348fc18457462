import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { type Finished, type RunOptions, run } from '../support/processes.ts';
import { TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;
let directory: string;
before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  directory = mkdtempSync('/tmp/gantry-session-builds-');
});
after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await daemon[Symbol.asyncDispose]();
});

const image = 'mirror/busybox';
let contexts = 0;

/** A directory with these files, the Dockerfile among them. */
function context(
  dockerfile: string | undefined,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): string {
  const root = path.join(directory, `context-${contexts++}`);
  const all = dockerfile === undefined ? files : { Dockerfile: dockerfile, ...files };
  mkdirSync(root);
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

function gantry(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return daemon.gantry(args, {
    ...options,
    env: { DOCKER_CONFIG: path.join(directory, 'config'), ...options.env },
  });
}

const build = (args: readonly string[], options?: RunOptions): Promise<Finished> =>
  gantry(['build', '--progress', 'plain', ...args], options);

/** The progress of a build that must succeed. */
async function built(args: readonly string[], options?: RunOptions): Promise<string> {
  const { exitCode, stderr, stdout } = await build(args, options);
  assert.equal(exitCode, 0, stderr + stdout);
  return stderr;
}

async function done(...args: string[]): Promise<string> {
  const { exitCode, stderr, stdout } = await gantry(args);
  assert.equal(exitCode, 0, stderr);
  return stdout.trimEnd();
}

describe('gantry build over a session', () => {
  test('builds a directory, tells each step, and marks what was done before', async () => {
    const files = { 'a.txt': 'a\n', 'sub/b.txt': 'b\n', 'skipped.log': 'x', '.dockerignore': '*.log\n' };
    const root = context(`FROM ${image}\nCOPY . /srv\nRUN cat /srv/a.txt /srv/sub/b.txt && ls /srv\n`, files);
    symlinkSync('a.txt', path.join(root, 'link'));
    const first = await built(['-t', 'session/whole', root]);
    assert.match(first, /^#\d+ \[2\/3\] COPY \. \/srv$/m);
    assert.match(first, /^#\d+ \d+\.\d+ a\n#\d+ \d+\.\d+ b$/m);
    assert.match(first, /^#\d+ DONE \d+\.\ds$/m);
    assert.doesNotMatch(first, /skipped/);
    assert.equal(await done('run', '--rm', 'session/whole', 'readlink', '/srv/link'), 'a.txt');
    const again = await built(['-t', 'session/whole', root]);
    assert.match(again, /^#\d+ \[3\/3\] RUN .*\n#\d+ CACHED$/m);
  });

  test('shows the output of the step that failed last, then its lines of the Dockerfile', async () => {
    const root = context(`FROM ${image}\nENV A=b\nRUN echo oh no && exit 3\nRUN true\n`);
    const { exitCode, stderr } = await build([root]);
    assert.equal(exitCode, 1);
    const [, report = ''] = stderr.split(/^------$/m);
    assert.match(report, / > \[2\/3\] RUN echo oh no && exit 3:\n\d+\.\d+ oh no\n/);
    assert.match(stderr, /^Dockerfile:3\n-+\n(?:.*\n)* {3}3 \| >>> RUN echo oh no && exit 3\n/m);
    assert.match(
      stderr,
      /\nERROR: failed to build: failed to solve: process .* did not complete successfully: exit code: 3\n$/,
    );
  });

  test('prints the id alone with --quiet, and writes what is known of the result to files', async () => {
    const root = context(`FROM ${image}\nLABEL a=b\n`);
    const [idFile, metadataFile] = [path.join(directory, 'id'), path.join(directory, 'metadata')];
    const finished = await gantry([
      'build',
      '-q',
      '--iidfile',
      idFile,
      '--metadata-file',
      metadataFile,
      '-t',
      'session/quiet',
      root,
    ]);
    assert.equal(finished.exitCode, 0, finished.stderr);
    assert.match(finished.stdout, /^sha256:[0-9a-f]{64}\n$/);
    assert.equal(readFileSync(idFile, 'utf8'), finished.stdout.trim());
    assert.equal(await done('image', 'inspect', '-f', '{{.Id}}', 'session/quiet'), finished.stdout.trim());
    const metadata = JSON.parse(readFileSync(metadataFile, 'utf8')) as Record<string, unknown>;
    assert.match(String(metadata['containerimage.digest']), /^sha256:/);
    assert.match(String(metadata['image.name']), /session\/quiet/);
  });

  test('tells everything as documents with --progress rawjson', async () => {
    const root = context(`FROM ${image}\nRUN echo documented\n`);
    const { stderr, exitCode } = await gantry(['build', '--progress', 'rawjson', '--no-cache', root]);
    assert.equal(exitCode, 0, stderr);
    type Line = { vertexes?: { name: string }[]; logs?: { data: string }[] };
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    assert.ok(
      lines.some(({ vertexes = [] }) => vertexes.some(({ name }) => name.includes('RUN echo documented'))),
    );
    const logs = lines.flatMap(({ logs: told = [] }) =>
      told.map(({ data }) => Buffer.from(data, 'base64').toString()),
    );
    assert.match(logs.join(''), /documented/);
  });

  test('ends when it is interrupted', async () => {
    const root = context(`FROM ${image}\nRUN echo begun && sleep 1000\n`);
    const [program = '', ...words] = daemon.commandLine('gantry');
    const child = spawn(program, [...words, 'build', '--progress', 'plain', root], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    for await (const chunk of child.stderr as AsyncIterable<Buffer>) {
      text += chunk.toString();
      if (!child.killed && / begun\n/.test(text)) child.kill('SIGINT');
    }
    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 130, text);
    assert.match(text, /context canceled\n$/);
  });
});

describe('what a build is lent', () => {
  test('is secrets of files and variables, which are in no layer', async () => {
    const root = context(`FROM ${image}
RUN --mount=type=secret,id=one cat /run/secrets/one | tr a-z A-Z
RUN --mount=type=secret,id=two,env=TWO echo "$TWO" | tr a-z A-Z
RUN --mount=type=secret,id=three test ! -e /run/secrets/three
`);
    const file = path.join(directory, 'secret');
    writeFileSync(file, 'whisper\n');
    const secrets = ['--secret', `id=one,src=${file}`, '--secret', 'id=two,env=OUTSIDE'];
    const text = await built(['--no-cache', '-t', 'session/secrets', ...secrets, root], {
      env: { OUTSIDE: 'murmur' },
    });
    assert.match(text, / WHISPER\n/);
    assert.match(text, / MURMUR\n/);
    const history = await done('history', '--no-trunc', 'session/secrets');
    assert.doesNotMatch(history, /whisper|murmur/);
    assert.equal(
      await done('run', '--rm', 'session/secrets', 'sh', '-c', 'ls /run/secrets 2>/dev/null; true'),
      '',
    );
  });

  test('is an ssh agent, by its socket', async () => {
    const socket = path.join(directory, 'agent.sock');
    const agent = createServer().listen(socket);
    await once(agent, 'listening');
    const root = context(
      `FROM ${image}\nRUN --mount=type=ssh,id=git test -S "$SSH_AUTH_SOCK" && echo reached\n`,
    );
    try {
      assert.match(await built(['--no-cache', '--ssh', `git=${socket}`, root]), / reached\n/);
    } finally {
      agent.close();
    }
    const missing = context(`FROM ${image}\nRUN --mount=type=ssh,required=true true\n`);
    assert.equal((await build(['--no-cache', missing])).exitCode, 1);
  });

  test('is a cache in a directory, from which steps come back when the engine has forgotten them', async () => {
    const root = context(`FROM ${image}\nRUN cat /proc/sys/kernel/random/uuid > /uuid\n`);
    const place = path.join(directory, 'cache');
    const made = (): Promise<string> => done('run', '--rm', 'session/cached', 'cat', '/uuid');
    await built(['--cache-to', `type=local,dest=${place}`, '-t', 'session/cached', root]);
    const first = await made();
    await done('rmi', 'session/cached');
    await done('builder', 'prune', '-a', '-f');
    await built(['--cache-from', `type=local,src=${place}`, '-t', 'session/cached', root]);
    assert.equal(await made(), first);
  });

  test('is named contexts: a directory, an image', async () => {
    const extra = context(undefined, { 'extra.txt': 'more\n' });
    const root = context('FROM base\nCOPY --from=extra extra.txt /\nRUN cat /extra.txt\n');
    const named = ['--build-context', `base=docker-image://${image}`, '--build-context', `extra=${extra}`];
    assert.match(await built(['--no-cache', ...named, root]), / more\n/);
  });
});

describe('where a build comes from', () => {
  const dockerfile = `FROM ${image}\nCOPY a.txt /\nRUN cat /a.txt\n`;

  test('is a Dockerfile of stdin, alone or beside a directory, or one outside the context', async () => {
    const alone = await built(['--no-cache', '-'], { stdin: `FROM ${image}\nRUN echo alone\n` });
    assert.match(alone, / alone\n/);
    const root = context(undefined, { 'a.txt': 'from the context\n' });
    assert.match(await built(['--no-cache', '-f', '-', root], { stdin: dockerfile }), / from the context\n/);
    const outside = path.join(context(undefined, { 'Other.dockerfile': dockerfile }), 'Other.dockerfile');
    assert.match(await built(['--no-cache', '-f', outside, root]), / from the context\n/);
  });

  test('is an archive of stdin, however it is compressed', async () => {
    const root = context(dockerfile, { 'a.txt': 'packed\n' });
    for (const flag of ['', '--gzip', '--bzip2', '--xz']) {
      const words = ['-C', root, ...(flag === '' ? [] : [flag]), '-cf', '-', '.'];
      const { stdoutBytes } = await run('tar', words);
      assert.match(await built(['--no-cache', '-'], { stdin: stdoutBytes }), / packed\n/, flag);
    }
  });

  test('of a directory that was built before only sends what changed', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`f${index}`, Buffer.alloc(500_000, index)]),
    );
    const root = context(`FROM scratch\nCOPY . /\n`, files);
    await using proxy = await startCountingProxy(path.join(directory, 'proxy.sock'), daemon.socketPath);
    const through = async (): Promise<number> => {
      const words = [...daemon.commandLine('gantry').slice(0, -1), `unix://${proxy.socketPath}`];
      const { exitCode, stderr } = await run(words[0] ?? '', [...words.slice(1), 'build', root]);
      assert.equal(exitCode, 0, stderr);
      return proxy.take();
    };
    const first = await through();
    assert.ok(first > 10_000_000, `${first} bytes at first`);
    writeFileSync(path.join(root, 'f7'), Buffer.alloc(500_000, 99));
    const second = await through();
    assert.ok(second > 500_000 && second < 700_000, `${second} bytes when one file had changed`);
    const third = await through();
    assert.ok(third < 100_000, `${third} bytes when none had`);
  });
});

describe('where a build goes', () => {
  const dockerfile = `FROM ${image} AS made
RUN mkdir -p /out/d && echo text > /out/d/file && chmod 4755 /out/d/file && ln -s /etc /out/link
FROM scratch
COPY --from=made /out /
`;

  test('is a directory, in which nothing is written through a link', async () => {
    const target = path.join(directory, 'out');
    const outside = context(undefined, { file: 'untouched' });
    mkdirSync(target);
    symlinkSync(outside, path.join(target, 'd'));
    writeFileSync(path.join(target, 'mine'), '');
    await built(['-o', target, context(dockerfile)]);
    assert.deepEqual(readdirSync(target).toSorted(), ['d', 'link', 'mine']);
    assert.ok(lstatSync(path.join(target, 'd')).isDirectory());
    assert.equal(readFileSync(path.join(target, 'd/file'), 'utf8'), 'text\n');
    assert.equal(statSync(path.join(target, 'd/file')).mode & 0o7777, 0o4755);
    assert.equal(readlinkSync(path.join(target, 'link')), '/etc');
    assert.equal(readFileSync(path.join(outside, 'file'), 'utf8'), 'untouched');
  });

  test('is a tar, in a file or on stdout', async () => {
    const file = path.join(directory, 'deep/out.tar');
    await built(['-o', `type=tar,dest=${file}`, context(dockerfile)]);
    const listed = await run('tar', ['-tf', file]);
    assert.deepEqual(listed.stdout.trim().split('\n').toSorted(), ['d/', 'd/file', 'link']);
    const { stdoutBytes } = await build(['-o', '-', context(dockerfile)]);
    const again = await run('tar', ['-tf', '-'], { stdin: stdoutBytes });
    assert.deepEqual(again.stdout.trim().split('\n').toSorted(), ['d/', 'd/file', 'link']);
  });

  test('is nowhere when the Dockerfile does not build', async () => {
    const file = path.join(directory, 'failed.tar');
    const root = context(`FROM ${image}\nRUN false\n`);
    assert.equal((await build(['-o', `type=tar,dest=${file}`, root])).exitCode, 1);
    assert.ok(!existsSync(file));
  });
});

describe('what is asked about builds', () => {
  test('is what is doubtful in a Dockerfile, which builds nothing', async () => {
    const doubtful = context(`from ${image}\nCMD echo x\nRUN true\n`);
    const { exitCode, stdout } = await gantry(['build', '--check', doubtful]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /warnings? ha(?:s|ve) been found!/);
    assert.match(stdout, /ConsistentInstructionCasing/);
    const clean = await gantry(['build', '--check', context(`FROM ${image}\nRUN true\n`)]);
    assert.deepEqual([clean.exitCode, clean.stdout], [0, 'Check complete, no warnings found.\n']);
  });

  test('is their history, with logs, until it is removed', async () => {
    const root = context(`FROM ${image}\nRUN echo remembered\n`);
    await built(['--no-cache', root]);
    assert.equal((await build([context(`FROM ${image}\nRUN exit 9\n`)])).exitCode, 1);
    const rows = (await done('builder', 'history', 'ls', '--format', '{{.Ref}} {{.Status}} {{.Name}}')).split(
      '\n',
    );
    const [failed = '', completed = ''] = rows;
    assert.match(failed, / Error context-\d+$/);
    assert.match(completed, new RegExp(` Completed ${path.basename(root)}$`));
    const [ref = ''] = completed.split(' ');
    assert.match(await done('builder', 'history', 'logs', ref), / remembered$/m);
    assert.match(await done('buildx', 'history', 'inspect', '^1'), new RegExp(`^Ref: +${ref}$`, 'm'));
    assert.equal(await done('builder', 'history', 'rm', ref), ref);
    const gone = await gantry(['builder', 'history', 'inspect', ref]);
    assert.deepEqual([gone.exitCode, gone.stderr], [1, `ERROR: no record found for ref "${ref}"\n`]);
  });

  test('is the one builder and its cache', async () => {
    assert.match(await done('builder', 'ls'), /^default\* .*\n \\_ default .* running /m);
    assert.match(await done('builder', 'inspect'), /^Platforms: +linux\//m);
    assert.match(await done('builder', 'du'), /^Total: +\d/m);
    const other = await gantry(['build', '--builder', 'other', '.']);
    assert.deepEqual([other.exitCode, other.stderr], [1, 'ERROR: no builder "other" found\n']);
  });
});
