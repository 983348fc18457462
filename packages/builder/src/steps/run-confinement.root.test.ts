import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { LeakCheck, type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { openRealBuilder, type RealBuilder } from '../../testing/index.ts';

let root: TemporaryRoot;
let builder: RealBuilder;
let leaks: LeakCheck;

before(async () => {
  root = await temporaryRoot();
  builder = await openRealBuilder(root.path, 'gbconf0');
  await builder.build('FROM busybox\nRUN true\n');
  leaks = await LeakCheck.begin({ tag: root.path, cgroupPrefix: path.basename(root.path) });
});

after(async () => {
  try {
    await leaks.check();
  } finally {
    await builder[Symbol.asyncDispose]();
    await root[Symbol.asyncDispose]();
  }
});

test('a command is unconfined, on the host network or has devices only when the client was asked', async () => {
  const refused: [string, RegExp][] = [
    ['--security=insecure', /security\.insecure is not allowed/],
    ['--network=host', /network\.host is not allowed/],
    [
      '--device=example.com/thing=one',
      /device example\.com\/thing=one is requested by the build but not allowed/,
    ],
  ];
  for (const [flag, message] of refused)
    await assert.rejects(builder.build(`FROM busybox\nRUN ${flag} true\n`), message);
  const entitlements = new Set(['security.insecure', 'network.host', 'device']);
  mkdirSync(path.join(root.path, 'cdi'));
  writeFileSync(
    path.join(root.path, 'cdi/thing.json'),
    JSON.stringify({
      cdiVersion: '0.6.0',
      kind: 'example.com/thing',
      devices: [{ name: 'one', containerEdits: { env: ['THING=one'] } }],
    }),
  );
  const { id } = await builder.build(
    `FROM busybox
RUN --security=insecure grep -E 'Seccomp:|CapEff' /proc/self/status > /seen
RUN grep Seccomp: /proc/self/status >> /seen
RUN --device=example.com/thing=one echo $THING >> /seen
RUN --device=example.com/none=x echo none >> /seen
`,
    { entitlements, network: 'none' },
  );
  const [capabilities = '', ...rest] = (await builder.read(id, '/seen')).split('\n');
  assert.match(capabilities, /CapEff:\t0*1ff/);
  assert.deepEqual(rest, ['Seccomp:\t0', 'Seccomp:\t2', 'one', 'none', '']);
  await assert.rejects(
    builder.build('FROM busybox\nRUN --device=example.com/none=x,required true\n', { entitlements }),
    /example\.com\/none=x/,
  );
});

test('host-gateway is an address of the host', async () => {
  const { id } = await builder.build('FROM busybox\nRUN grep gate /etc/hosts > /seen\n', {
    extraHosts: ['gate:host-gateway'],
  });
  assert.equal(await builder.read(id, '/seen'), '192.0.2.1\tgate\n');
});

test('a cache mount begins with an image, is measured and removed, and a place in it never leads out', async () => {
  const { id } = await builder.build(`FROM busybox AS seed
RUN mkdir -p /seed/in && echo seed > /seed/in/file
FROM busybox
RUN --mount=type=cache,target=/cache,from=seed,source=/seed,mode=0750 \
    cat /cache/in/file > /seen && stat -c %a /cache >> /seen && echo more > /cache/more
RUN --mount=type=cache,target=/cache,from=seed,source=/seed cat /cache/more >> /seen
RUN --mount=type=cache,id=links,target=/cache ln -s /etc /cache/out && mkdir /cache/etc && echo own > /cache/etc/hostname
RUN --mount=type=cache,id=links,target=/mnt,source=out cat /mnt/hostname >> /seen
`);
  assert.equal(await builder.read(id, '/seen'), 'seed\n750\nmore\nown\n');
  const usage = (await builder.builds.cacheUsage()).filter(({ Type }) => Type === 'exec.cachemount');
  assert.deepEqual(usage.map(({ Description }) => Description).sort(), [
    'cached mount /cache',
    'cached mount links',
  ]);
  assert.ok(usage.every(({ InUse }) => !InUse));
  const concerns = (_key: string, { type }: { type: string }): boolean => type === 'exec.cachemount';
  const pruned = await builder.builds.pruneCache({ keepBytes: 0, concerns });
  assert.equal(pruned.keys.length, 2);
  assert.ok(pruned.mountBytes > 0);
});

test('a command that hangs goes with its build, and nothing of it stays', async () => {
  const cancel = new AbortController();
  const running = builder.build('FROM busybox\nRUN --mount=type=cache,target=/c echo begun; sleep 1000\n', {
    signal: cancel.signal,
    onEvent: (event) => {
      if (event.kind === 'log') cancel.abort(new Error('cancelled'));
    },
  });
  await assert.rejects(running, /cancelled/);
  assert.deepEqual([...builder.builds.activeSteps()], []);
});
