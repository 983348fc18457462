import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { buildImage } from '@gantry/client';
import { encodeTarHeader, tarEnd, tarPadding } from '@gantry/oci';
import { loadBusybox } from '../support/busybox-image.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

let daemon: TestDaemon;
let directory: string;
before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  directory = mkdtempSync('/tmp/gantry-build-');
});
after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await daemon[Symbol.asyncDispose]();
});

/** Docker's classic builder, which docker's CLI has without buildx, knows neither RUN flags nor heredocs. */
const onlyOurs = { skip: peer !== undefined && 'the classic builder of the peer does not know it' };
const image = 'mirror/busybox';

let contexts = 0;

/** A directory with these files, the Dockerfile among them. */
function context(dockerfile: string, files: Readonly<Record<string, string>> = {}): string {
  const root = path.join(directory, `context-${contexts++}`);
  for (const [name, text] of Object.entries({ Dockerfile: dockerfile, ...files })) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return root;
}

for (const program of programs) {
  describe(`${program} build`, () => {
    const build = (...args: string[]): Promise<Finished> =>
      daemon[program](['build', ...args], { env: { DOCKER_BUILDKIT: '0' } });
    const built = async (...args: string[]): Promise<string> => {
      const finished = await build(...args);
      assert.equal(finished.exitCode, 0, finished.stderr + finished.stdout);
      return finished.stdout;
    };
    const run = (...args: string[]): Promise<string> => daemon.ok('run', '--rm', ...args);
    const tag = (name: string): string => `${name}-${program}`;

    test('runs, copies and sets what the Dockerfile says', async () => {
      const root = context(
        `ARG BASE=${image}
FROM $BASE
ARG WHO=nobody
ENV GREETING="hello $WHO"
LABEL kind=test
WORKDIR /srv/deep
COPY src/ ./
COPY --chown=12:34 src/a.txt /owned/
ADD archive.txt renamed.txt
RUN echo "$GREETING $WHO" > out.txt && pwd >> out.txt
USER 1000:1000
EXPOSE 80 53/udp
VOLUME /data
STOPSIGNAL SIGINT
HEALTHCHECK --interval=30s CMD true
CMD ["cat", "out.txt"]
`,
        { 'src/a.txt': 'a\n', 'src/sub/b.txt': 'b\n', 'archive.txt': 'no archive\n' },
      );
      symlinkSync('a.txt', path.join(root, 'src/link'));
      chmodSync(path.join(root, 'src/a.txt'), 0o640);
      const output = await built('-t', tag('whole'), '--build-arg', 'WHO=gantry', '--label', 'more=x', root);
      assert.match(
        output,
        new RegExp(`Successfully built [0-9a-f]{12}\nSuccessfully tagged ${tag('whole')}:latest\n$`),
      );
      assert.equal(await run(tag('whole')), 'hello gantry gantry\n/srv/deep');
      const look = 'stat -c "%n %a %u:%g" a.txt /owned /owned/a.txt sub; cat link sub/b.txt renamed.txt';
      const seen = await run('-u', '0', tag('whole'), 'sh', '-c', look);
      assert.equal(
        seen,
        'a.txt 640 0:0\n/owned 755 12:34\n/owned/a.txt 640 12:34\nsub 755 0:0\na\nb\nno archive',
      );
      const format = '{{json .Config}}';
      const config = JSON.parse(await daemon.ok('image', 'inspect', '-f', format, tag('whole')));
      const { User, ExposedPorts, Volumes, StopSignal, Labels, WorkingDir, Healthcheck } = config;
      assert.deepEqual(
        {
          User,
          ExposedPorts,
          Volumes,
          StopSignal,
          WorkingDir,
          test: Healthcheck.Test,
          kind: Labels.kind,
          more: Labels.more,
        },
        {
          User: '1000:1000',
          ExposedPorts: { '80/tcp': {}, '53/udp': {} },
          Volumes: { '/data': {} },
          StopSignal: 'SIGINT',
          WorkingDir: '/srv/deep',
          test: ['CMD-SHELL', 'true'],
          kind: 'test',
          more: 'x',
        },
      );
    });

    test('takes only what the target needs, from stages by name and number', async () => {
      const root = context(`FROM ${image} AS one
RUN echo 1 > /one
FROM ${image} AS broken
RUN false
FROM one AS Three
RUN echo 3 > /three
FROM scratch
COPY --from=0 /one /
COPY --from=three /three /one /all/
FROM ${image} AS last
COPY --from=3 /all /all
`);
      await built('-t', tag('target'), '--target', 'LAST', root).catch(() => undefined);
      if (peer === undefined) assert.equal(await run(tag('target'), 'sh', '-c', 'cat /all/*'), '1\n3');
      const missing = await build('--target', 'none', root);
      assert.notEqual(missing.exitCode, 0);
      assert.match(missing.stderr, /none/);
    });

    test('builds again from what it did before, whatever the times of files, until a file changes', async () => {
      const root = context(`FROM ${image}\nCOPY file /file\nRUN cat /proc/sys/kernel/random/uuid > /uuid\n`, {
        file: 'one\n',
      });
      const first = await built('-q', root);
      utimesSync(path.join(root, 'file'), 1, 1);
      assert.equal(await built('-q', root), first);
      assert.match(await built(root), /Using cache/);
      assert.notEqual(await built('-q', '--no-cache', root), first);
      writeFileSync(path.join(root, 'file'), 'two\n');
      assert.notEqual(await built('-q', root), first);
    });

    test('leaves out what .dockerignore names', async () => {
      const root = context(`FROM ${image}\nCOPY . /all\n`, {
        '.dockerignore': '*.md\n!keep.md\ndeep/*/x\nDockerfile\n',
        'a.md': '',
        'keep.md': '',
        'deep/one/x': '',
        'deep/one/y': '',
      });
      await built('-t', tag('ignored'), root);
      const seen = await run(tag('ignored'), 'sh', '-c', 'cd /all; find . -type f | sort');
      assert.equal(seen, './.dockerignore\n./deep/one/y\n./keep.md');
    });

    test('unpacks archives that ADD finds, and copies them by COPY', async () => {
      const root = context(`FROM ${image}
COPY tree /tmp/tree
RUN tar -C /tmp/tree -czf /tmp/made.tgz .
FROM ${image}
COPY --from=0 /tmp/made.tgz /kept.tgz
`);
      mkdirSync(path.join(root, 'tree/dir'), { recursive: true });
      writeFileSync(path.join(root, 'tree/dir/file'), 'in an archive\n');
      await built('-t', tag('archive'), root);
      const archive = await daemon.docker(['run', '--rm', tag('archive'), 'base64', '/kept.tgz']);
      const second = context(`FROM ${image}\nADD made.tgz /unpacked/\nCOPY made.tgz /copied/\n`);
      writeFileSync(path.join(second, 'made.tgz'), Buffer.from(archive.stdout, 'base64'));
      await built('-t', tag('added'), second);
      const seen = await run(tag('added'), 'sh', '-c', 'cat /unpacked/dir/file; ls /copied');
      assert.equal(seen, 'in an archive\nmade.tgz');
    });

    test('runs the triggers of the image below, once', async () => {
      const below = context(
        `FROM ${image}\nONBUILD COPY file /triggered\nONBUILD RUN cat /triggered > /ran\n`,
      );
      await built('-t', tag('below'), below);
      const root = context(`FROM ${tag('below')}\nCMD ["true"]\n`, { file: 'pulled\n' });
      await built('-t', tag('above'), root);
      assert.equal(await run(tag('above'), 'cat', '/ran'), 'pulled');
      const config = JSON.parse(await daemon.ok('image', 'inspect', '-f', '{{json .Config}}', tag('above')));
      assert.deepEqual(config.OnBuild ?? null, null);
    });

    test('ends with the code of a command that fails, and leaves no image', async () => {
      const root = context(`FROM ${image}\nRUN echo before; exit 7\n`);
      const finished = await build('-t', tag('failed'), root);
      assert.equal(finished.exitCode, 7);
      assert.match(finished.stdout, /before\n/);
      assert.match(
        finished.stderr,
        /The command '\/bin\/sh -c echo before; exit 7' returned a non-zero code: 7/,
      );
      assert.notEqual((await daemon[program](['image', 'inspect', tag('failed')])).exitCode, 0);
    });

    test('says what is wrong with a Dockerfile or its sources', async () => {
      const cases: [string, RegExp][] = [
        [`FROM ${image}\nFRO x\n`, /unknown instruction: FRO/],
        [
          `FROM ${image}\nCOPY nothing /\n`,
          /COPY failed: file not found in build context or excluded by \.dockerignore: stat nothing: file does not exist/,
        ],
        ['RUN true\n', /no build stage in current context/],
        [`FROM ${image}\nCOPY --chown=nobodyhere Dockerfile /\n`, /nobodyhere/],
      ];
      for (const [dockerfile, message] of cases) {
        const finished = await build(context(dockerfile));
        assert.notEqual(finished.exitCode, 0, dockerfile);
        assert.match(finished.stderr, message);
      }
      const nowhere = await build(path.join(directory, 'nowhere'));
      assert.notEqual(nowhere.exitCode, 0);
      assert.match(nowhere.stderr, /not found/);
    });

    test('reads a Dockerfile from stdin, and writes the id to a file', async () => {
      const iid = path.join(directory, `iid-${program}`);
      const finished = await daemon[program](['build', '-q', '--iidfile', iid, '-'], {
        env: { DOCKER_BUILDKIT: '0' },
        stdin: `FROM ${image}\nENV A=1\n`,
      });
      assert.equal(finished.exitCode, 0, finished.stderr);
      assert.match(finished.stdout, /^sha256:[0-9a-f]{64}\n$/);
      assert.equal(readFileSync(iid, 'utf8').trim(), finished.stdout.trim());
    });

    test('takes heredocs, mounts, modes and independent layers', onlyOurs, async () => {
      const root = context(
        `FROM ${image} AS tools
RUN mkdir /t && echo tool > /t/tool
FROM ${image}
ARG NAME=built
COPY --chmod=u=rwx,go= <<plain <<"raw" /texts/
one \${NAME}
plain
two \${NAME}
raw
COPY --link --chmod=644 file /linked/deep/
COPY --parents a/b/*.txt /parents/
COPY --exclude=*.md docs /docs/
RUN --mount=type=cache,target=/cache,id=shared echo once >> /cache/lines && wc -l < /cache/lines > /count
RUN --mount=type=bind,from=tools,source=/t,target=/tools,rw cat /tools/tool > /seen && echo x > /tools/more
RUN --mount=type=tmpfs,target=/scratch echo y > /scratch/z
RUN --network=none ! ip addr | grep -q "scope global" && echo alone > /alone
RUN <<SCRIPT
#!/bin/sh
set -e
echo "script by $0" > /script
SCRIPT
`,
        { file: 'f\n', 'a/b/c.txt': 'c\n', 'docs/x.md': '', 'docs/y.txt': 'y\n' },
      );
      await built('-t', tag('features'), root);
      const look =
        'cat /texts/plain /texts/raw; stat -c "%n %a" /texts/raw /linked/deep/file; cat /parents/a/b/c.txt; ls /docs; cat /seen /alone; ls -d /cache /tools /scratch; cat /script';
      const seen = await run(tag('features'), 'sh', '-c', `exec 2>&1; ${look}`);
      assert.match(
        seen,
        /^one built\ntwo \$\{NAME\}\n\/texts\/raw 700\n\/linked\/deep\/file 644\nc\ny\.txt\ntool\nalone\nls: \/cache: No such.*\nls: \/tools: No such.*\nls: \/scratch: No such.*\nscript by /,
      );
    });

    test('warns of what the build checks find, and fails on it when the file says so', onlyOurs, async () => {
      const output = await built(
        context(`FROM ${image} as Stage\nRUN echo $UNKNOWN\nWORKDIR $UNKOWN_DIR/x\n`),
      );
      assert.match(output, /\[Warning\] StageNameCasing: Stage name 'Stage' should be lowercase \(line 1\)/);
      assert.match(output, /\[Warning\] UndefinedVar: Usage of undefined variable '\$UNKOWN_DIR' \(line 3\)/);
      const failing = await build(context(`# check=error=true\nFROM ${image} as Stage\n`));
      assert.match(failing.stderr, /lint violation found for rules: StageNameCasing, FromAsCasing/);
    });

    test('refuses by name what it does not do', onlyOurs, async () => {
      const cases: [string, string, RegExp][] = [
        [
          `FROM ${image}\nADD https://example.invalid/x /x\n`,
          '--pull=false',
          /cannot fetch https:\/\/example\.invalid\/x/,
        ],
        [`FROM ${image}\nRUN --device=a.b/c=d true\n`, '--pull=false', /device a\.b\/c=d is requested/],
        [
          `FROM ${image}\nRUN --security=insecure true\n`,
          '--pull=false',
          /security\.insecure is not allowed/,
        ],
        [
          `FROM ${image}\nRUN --mount=type=secret,id=s,required=true true\n`,
          '--pull=false',
          /secret s: not found/,
        ],
        [
          `# syntax=other/frontend\nFROM ${image}\n`,
          '--pull=false',
          /the frontend image other\/frontend is not supported/,
        ],
        [`FROM ${image}\n`, '--squash', /squash/],
        [
          `FROM a AS b\nCOPY --from=c / /\nFROM b AS c\n`,
          '--target=c',
          /cannot copy from stage "c", it needs to be defined before current stage "b"/,
        ],
      ];
      for (const [dockerfile, flag, message] of cases) {
        const finished = await build(flag, context(dockerfile));
        assert.notEqual(finished.exitCode, 0, dockerfile);
        assert.match(finished.stderr, message, dockerfile);
      }
    });
  });
}

describe('the cache of builds', onlyOurs, () => {
  test('outlives the images and the engine, is told of by df and goes by prune', async () => {
    const root = context(`FROM ${image}\nRUN cat /proc/sys/kernel/random/uuid > /kept\n`);
    const read = () => daemon.ok('run', '--rm', 'kept', 'cat', '/kept');
    await daemon.ok('build', '-t', 'kept', root);
    const made = await read();
    await daemon.ok('rmi', 'kept');
    await daemon.end('SIGTERM');
    await daemon.restart();
    await daemon.ok('build', '-t', 'kept', root);
    assert.equal(await read(), made);
    assert.match(
      await daemon.ok('system', 'df', '--format', '{{.Type}} {{.TotalCount}}'),
      /Build Cache [1-9]/,
    );
    await daemon.ok('builder', 'prune', '-f');
    assert.match(
      await daemon.ok('system', 'df', '--format', '{{.Type}} {{.TotalCount}}'),
      /Build Cache [1-9]/,
    );
    await daemon.ok('builder', 'prune', '-f', '-a');
    assert.match(await daemon.ok('system', 'df', '--format', '{{.Type}} {{.TotalCount}}'), /Build Cache 0/);
    assert.equal(await daemon.ok('system', 'fsck'), 'everything fits');
    await daemon.ok('build', '-t', 'kept', root);
    assert.notEqual(await read(), made);
  });

  test('a step that is cancelled, and one whose engine is killed, leave nothing', async () => {
    const snapshots = path.join(daemon.dataRoot, 'snapshots/writable');
    const client = new AbortController();
    const cancelled = await beginBuild(client.signal);
    assert.equal(await daemon.ok('system', 'fsck'), 'everything fits');
    client.abort();
    await assert.rejects(cancelled.rest());
    await until('the file systems of the step are gone', () => readdirSync(snapshots).length === 0);
    const orphaned = await beginBuild(new AbortController().signal);
    await daemon.end('SIGKILL');
    await assert.rejects(orphaned.rest());
    await daemon.restart();
    assert.deepEqual(readdirSync(snapshots), []);
    assert.equal(await daemon.ok('system', 'fsck'), 'everything fits');
  });
});

/** Begins a build whose command never ends; resolves when it runs. */
async function beginBuild(signal: AbortSignal): Promise<{ rest: () => Promise<void> }> {
  const dockerfile = Buffer.from(`FROM ${image}\nRUN echo it runs; sleep 1000\n`);
  const header = encodeTarHeader({
    type: 'file',
    name: Buffer.from('Dockerfile'),
    sizeBytes: dockerfile.length,
  });
  const archive = Buffer.concat([header, dockerfile, tarPadding(dockerfile.length), tarEnd]);
  const messages = await buildImage(daemon.api, {
    context: Readable.from([archive]),
    parameters: {},
    registryConfig: '',
    signal,
  });
  const iterator = messages[Symbol.asyncIterator]();
  for (let text = ''; !text.includes('it runs\n'); ) {
    const { value, done } = await iterator.next();
    assert.ok(!done, text);
    text += value.stream ?? '';
  }
  return {
    rest: async () => {
      while ((await iterator.next()).done !== true);
    },
  };
}
