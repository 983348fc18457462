import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as soon } from 'node:timers/promises';
import { loadBusybox } from '../support/busybox-image.ts';
import type { Finished, RunOptions } from '../support/processes.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

let daemon: TestDaemon;
let directory: string;
let contexts = 0;
before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  directory = mkdtempSync('/tmp/gantry-hostile-builds-');
});
after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await daemon[Symbol.asyncDispose]();
});

const from = 'FROM mirror/busybox\n';

function context(dockerfile: string, files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const root = path.join(directory, `context-${contexts++}`);
  mkdirSync(root);
  for (const [name, content] of Object.entries({ Dockerfile: dockerfile, ...files }))
    writeFileSync(path.join(root, name), content);
  return root;
}

function build(args: readonly string[], options?: RunOptions): Promise<Finished> {
  return daemon.gantry(['build', '--progress', 'plain', ...args], options);
}

async function built(...args: string[]): Promise<string> {
  const { exitCode, stderr } = await build(args);
  assert.equal(exitCode, 0, stderr);
  return stderr;
}

async function refused(args: readonly string[], message: RegExp): Promise<void> {
  const { exitCode, stderr } = await build(args);
  assert.equal(exitCode, 1, stderr);
  assert.match(stderr, message);
}

/** What a step in progress has on the host. */
function leftOfSteps(): string[] {
  const places = [
    'data/snapshots/writable',
    'data/builder/work',
    'exec/netns',
    'exec/containers',
    'exec/crun',
  ];
  return places.flatMap((place) => {
    try {
      return readdirSync(path.join(daemon.root, place)).map((name) => `${place}/${name}`);
    } catch {
      return [];
    }
  });
}

/** Begins a build and resolves when it has printed `text`. */
async function begun(text: string, ...args: string[]): Promise<ChildProcess> {
  const [program = '', ...words] = daemon.commandLine('gantry');
  const child = spawn(program, [...words, 'build', '--progress', 'plain', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the step runs', () => output.includes(` ${text}\n`));
  return child;
}

/** How many processes have this word among their arguments. */
function running(word: string): number {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(word);
    } catch {
      return false;
    }
  }).length;
}

test('places of mounts that a command moves away and links over lead nowhere when it is over (CVE-2024-23652)', async () => {
  const outside = path.join(directory, 'outside');
  mkdirSync(path.join(outside, 'stub'), { recursive: true });
  const dockerfile = `${from}RUN --mount=type=tmpfs,target=/deep/stub mv /deep /moved && ln -s ${outside} /deep
RUN --mount=type=cache,target=/own/stub mv /own /gone && ln -s / /own
RUN --mount=type=tmpfs,target=/own/outside true
`;
  await built('-t', 'hostile/stubs', context(dockerfile));
  assert.deepEqual(readdirSync(outside), ['stub']);
  const look = 'readlink /deep; readlink /own; ls -d /etc/passwd /bin/sh /outside';
  const seen = await daemon.gantry(['run', '--rm', 'hostile/stubs', 'sh', '-c', look]);
  assert.equal(seen.stdout, `${outside}\n/\n/bin/sh\n/etc/passwd\n`);
});

test('a place in a cache that another step swaps for a link never leads out (CVE-2024-23651)', async () => {
  const marker = path.join(daemon.dataRoot, 'marker');
  writeFileSync(marker, 'of the host\n');
  const up = '../../../../../../../../../../..';
  const swapping = `${from}RUN --mount=type=cache,id=race,target=/c mkdir -p /c/a && echo inside > /c/a/marker && \
    echo swaps && while true; do rm -rf /c/sub; cp -r /c/a /c/sub; rm -rf /c/sub; ln -s ${up}${daemon.dataRoot} /c/sub; done
`;
  const swapper = await begun('swaps', '--no-cache', context(swapping));
  const looking = context(
    `${from}RUN --mount=type=cache,id=race,source=sub,target=/m cat /m/marker 2>/dev/null; true\n`,
  );
  try {
    for (let round = 0; round < 12; round++) {
      const { stderr } = await build(['--no-cache', looking]);
      assert.doesNotMatch(stderr, /of the host/);
    }
  } finally {
    swapper.kill('SIGINT');
    await once(swapper, 'exit');
    rmSync(marker);
  }
  await until('nothing of the steps is left', () => leftOfSteps().length === 0);
});

test('a trigger of the image below has no rights that the build has not (CVE-2024-23653)', async () => {
  for (const [index, flag] of ['--security=insecure', '--network=host'].entries()) {
    const name = `hostile/trigger-${index}`;
    await built('-t', name, context(`${from}ONBUILD RUN ${flag} true\n`));
    await refused([context(`FROM ${name}\n`)], /(?:security\.insecure|network\.host) is not allowed/);
  }
});

test('images that differ in their config alone share no step (GO-2024-2512)', async () => {
  const configs = [
    'ENV WHO=one',
    'ENV WHO=two',
    'ENV WHO=two\nUSER 1:1\nWORKDIR /tmp',
    'ENV WHO=two\nSHELL ["/bin/sh", "-ec"]',
  ];
  const seen: string[] = [];
  for (const [index, config] of configs.entries()) {
    const name = `hostile/config-${index}`;
    await built('-t', name, context(`${from}${config}\n`));
    const output = await built(context(`FROM ${name}\nRUN echo "$WHO $(id -u) $PWD $-" | tr -d ic\n`));
    seen.push(/ ((?:one|two) .*)$/m.exec(output)?.[1] ?? '');
  }
  assert.deepEqual(seen, ['one 0 / ', 'two 0 / ', 'two 1 /tmp ', 'two 0 / e']);
});

test('a context that changes while it is read is told of, or built as it was at one moment', async () => {
  const root = context(`${from}COPY big /big\nRUN test $(wc -c < /big) = $(stat -c %s /big) && echo whole\n`);
  const file = path.join(root, 'big');
  writeFileSync(file, Buffer.alloc(4_000_000, 1));
  const descriptor = openSync(file, 'r+');
  const over = new AbortController();
  const change = async (): Promise<void> => {
    for (let size = 0; !over.signal.aborted; size = (size + 777_777) % 5_000_000) {
      ftruncateSync(descriptor, size);
      await soon();
    }
  };
  const changing = change();
  try {
    for (let round = 0; round < 8; round++) {
      const { exitCode, stderr } = await build(['--no-cache', root]);
      assert.match(stderr, exitCode === 0 ? / whole\n/ : /\nERROR: failed to build: .*(?:big|context)/);
    }
  } finally {
    over.abort();
    await changing;
    closeSync(descriptor);
  }
  assert.deepEqual(leftOfSteps(), []);
});

test('a context holds pipes, devices, sockets and links that lead out, and none of them is read', async () => {
  const root = context(`${from}COPY . /all\nRUN cd /all && stat -c '%n %F' * && readlink out\n`);
  execFileSync('mkfifo', [path.join(root, 'pipe')]);
  execFileSync('mknod', [path.join(root, 'zero'), 'c', '1', '5']);
  symlinkSync('/etc/shadow', path.join(root, 'out'));
  const server = createServer().listen(path.join(root, 'socket'));
  try {
    const output = await built('--no-cache', root);
    assert.match(output, / pipe fifo\n/);
    assert.match(output, / zero character special file\n/);
    assert.match(output, / \/etc\/shadow\n/);
    assert.doesNotMatch(output, /socket/);
  } finally {
    server.close();
  }
  const through = context(`${from}COPY out /x\n`);
  symlinkSync('/etc/hostname', path.join(through, 'out'));
  await refused([through], /"\/out": not found|"\/etc\/hostname": not found/);
});

test('an address that leads elsewhere, lies about its length or never ends does no harm', async () => {
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
    '/file': (response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    '/name': (response) => response.writeHead(302, { location: '/..%2f..%2fetc%2fpasswd' }).end(),
    '/broken': (response) => response.writeHead(302, { location: '/%zz' }).end(),
    '/%zz': (response) => response.end('of a name that is none\n'),
    '/..%2f..%2fetc%2fpasswd': (response) => response.end('harmless\n'),
    '/short': (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('ten bytes.');
      response.socket?.end();
    },
    '/endless': (response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      more();
    },
  };
  await using server = await serve((url, response) =>
    (answers[url] ?? (() => response.writeHead(404).end()))(response),
  );
  const add = (name: string): string =>
    context(`${from}ADD ${server.address}${name} /got/\nRUN find /got -type f\n`);
  await refused([add('/loop')], /cannot fetch .*redirect/);
  await refused([add('/file')], /cannot fetch/);
  await refused([add('/short')], /cannot fetch/);
  assert.match(await built(add('/name')), / \/got\/(?:passwd|\.\.\/)?/);
  assert.match(await built(add('/broken')), / \/got\//);
  assert.equal(await daemon.ok('run', '--rm', 'mirror/busybox', 'head', '-c', '4', '/etc/passwd'), 'root');
  const [program = '', ...words] = daemon.commandLine('gantry');
  const endless = spawn(program, [...words, 'build', add('/endless')], { stdio: 'ignore' });
  await until('it is fetched', () => readdirSync(path.join(daemon.dataRoot, 'content/ingest')).length > 0);
  endless.kill('SIGKILL');
  await until(
    'nothing of it is kept',
    () => readdirSync(path.join(daemon.dataRoot, 'content/ingest')).length === 0,
  );
});

interface Served extends AsyncDisposable {
  readonly address: string;
}

async function serve(answer: (url: string, response: ServerResponse) => void): Promise<Served> {
  const server: Server = createServer((request, response) => answer(request.url ?? '', response)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

test('of a build whose client is killed, and of all that it forked, nothing is left', async () => {
  const forks = context(
    `${from}RUN for i in $(seq 200); do (setsid sh -c 'trap "" TERM INT HUP; exec sleep 86123' &) ; done; sleep 1; echo forked; sleep 86123\n`,
  );
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const child = await begun('forked', '--no-cache', forks);
    assert.ok(running('86123') > 200);
    child.kill(signal);
    await once(child, 'exit');
    await until('its processes are gone', () => running('86123') === 0);
    await until('nothing of the step is left', () => leftOfSteps().length === 0);
  }
  assert.equal(await daemon.ok('system', 'fsck'), 'everything fits');
});

test('a secret is in nothing that a build leaves or tells', async () => {
  const secret = 'a-word-that-is-nowhere-else-77ac';
  const file = path.join(directory, 'lent');
  writeFileSync(file, secret);
  const dockerfile = `${from}RUN --mount=type=secret,id=file --mount=type=secret,id=word,env=WORD \
    test "$WORD" = "$(cat /run/secrets/file)" && env | wc -l && cat /proc/*/environ | wc -c
RUN --mount=type=secret,id=word,env=WORD sh -c 'exit 7'
`;
  const lent = ['--secret', `id=file,src=${file}`, '--secret', 'id=word,env=LENT'];
  const options = { env: { LENT: secret } };
  const failed = await build(['--no-cache', ...lent, context(dockerfile)], options);
  assert.equal(failed.exitCode, 1);
  const whole = context(dockerfile.slice(0, dockerfile.lastIndexOf('RUN')));
  const metadata = path.join(directory, 'metadata.json');
  const attest = [
    '--provenance',
    'mode=max',
    '--sbom',
    'true',
    '--metadata-file',
    metadata,
    '-t',
    'hostile/secret',
  ];
  const { exitCode, stderr } = await build([...lent, ...attest, whole], options);
  assert.equal(exitCode, 0, stderr);
  const told = [
    failed.stdout + failed.stderr + stderr + readFileSync(metadata, 'utf8') + daemon.log,
    await daemon.ok('history', '--no-trunc', 'hostile/secret'),
    await daemon.ok('builder', 'history', 'inspect'),
    await daemon.ok('builder', 'history', 'inspect', '^1'),
    (await daemon.gantry(['builder', 'history', 'logs'])).stderr,
    await daemon.ok('builder', 'du', '--verbose'),
    (await daemon.gantry(['save', 'hostile/secret'])).stdoutBytes.toString('latin1'),
  ];
  assert.equal(told.join('\n').includes(secret), false);
  const kept = await new Promise<string>((resolve) => {
    const grep = spawn('grep', ['-rlaF', secret, daemon.root], { stdio: ['ignore', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    grep.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    grep.once('close', () => resolve(Buffer.concat(chunks).toString()));
  });
  assert.equal(kept, '');
});
