import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { callGantry } from '../../../testing/call-program.ts';
import { FakeEngine } from '../../../testing/fake-engine.ts';
import { runDocker, runGantry } from '../../../testing/run-program.ts';

const nowSeconds = Math.trunc(Date.now() / 1000);
const containers = [
  {
    Id: 'a'.repeat(64),
    Names: ['/web', '/other/link'],
    Image: 'mirror/debian:bookworm',
    ImageID: `sha256:${'b'.repeat(64)}`,
    Command: "sh -c 'while true; do date; sleep 1; done'",
    Created: nowSeconds - 90_000,
    Ports: [
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { IP: '0.0.0.0', PrivatePort: 90, PublicPort: 90, Type: 'tcp' },
      { IP: '0.0.0.0', PrivatePort: 91, PublicPort: 91, Type: 'tcp' },
      { IP: '::', PrivatePort: 91, PublicPort: 91, Type: 'tcp' },
      { PrivatePort: 443, Type: 'tcp' },
    ],
    Labels: { one: 'eins', two: 'zwei' },
    State: 'running',
    Status: 'Up 2 hours',
    HostConfig: { NetworkMode: 'bridge' },
    NetworkSettings: { Networks: { bridge: {} } },
    Mounts: [{ Type: 'volume', Name: 'data-volume-with-a-long-name', Driver: 'local', Destination: '/d' }],
    SizeRw: 123_456,
    SizeRootFs: 78_912_345,
  },
  {
    Id: `c${'d'.repeat(63)}`,
    Names: ['/job'],
    Image: `sha256:${'b'.repeat(64)}`,
    ImageID: `sha256:${'b'.repeat(64)}`,
    Command: 'true',
    Created: nowSeconds - 61,
    Ports: [],
    Labels: {},
    State: 'exited',
    Status: 'Exited (0) 1 minute ago',
    NetworkSettings: { Networks: {} },
    Mounts: [],
  },
];

const sameAsDocker: string[][] = [
  ['ps'],
  ['ps', '-a'],
  ['ps', '-as'],
  ['ps', '-aq'],
  ['ps', '--no-trunc'],
  ['ps', '-aq', '--no-trunc'],
  ['container', 'ls', '--format', '{{.ID}} {{.Names}} {{.Mounts}} {{.LocalVolumes}} {{.Networks}}'],
  ['ps', '--format', 'table {{.ID}}\\t{{.Names | upper}}\\t{{.Label "one"}}'],
  ['ps', '--format', 'table {{.Ports}}\t{{.State}}\t{{.Status}}\t{{.RunningFor}}\t{{.CreatedAt}}'],
  ['ps', '--format', '{{json .Names}} {{if eq .State "running"}}yes{{else}}no{{end}} {{.Size}}'],
  ['ps', '--format', '{{range $i, $v := split .Names "e"}}{{$i}}={{$v}} {{end}}'],
  ['ps', '--format', '{{truncate .ID 5 | printf "%-8s"}}|{{pad .Image 1 2}}|{{title .State}}|{{len .Names}}'],
  ['ps', '--format', '{{.Names'],
  ['ps', '--format', '{{nope .Names}}'],
  ['ps', '-q', '--format', '{{.Names}}'],
];

for (const args of sameAsDocker) {
  test(`prints what docker prints for: ${args.join(' ')}`, async () => {
    await using engine = await FakeEngine.start();
    engine.on('GET', '/containers/json', { json: containers });
    const [docker, gantry] = await Promise.all([runDocker(args, engine), callGantry(args, engine)]);
    assert.deepEqual(gantry, docker);
  });
}

test('prints the same JSON fields as docker', async () => {
  await using engine = await FakeEngine.start();
  engine.on('GET', '/containers/json', { json: containers });
  const args = ['ps', '-a', '--no-trunc', '--format', 'json'];
  const [docker, gantry] = await Promise.all([runDocker(args, engine), runGantry(args, engine)]);
  const rows = (text: string): unknown[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  const sortLabels = (row: unknown): unknown => {
    const { Labels, ...rest } = row as { Labels: string };
    return { ...rest, Labels: Labels.split(',').sort() };
  };
  assert.deepEqual(rows(gantry.stdout).map(sortLabels), rows(docker.stdout).map(sortLabels));
});

test('asks the engine for what the flags say', async () => {
  await using engine = await FakeEngine.start();
  engine.on('GET', '/containers/json', { json: [] });
  await runGantry(['ps', '-n', '3', '-s', '-f', 'label=a=b', '--filter', 'Status=running'], engine);
  const [request] = engine.to('/containers/json');
  assert.equal(request?.query.get('limit'), '3');
  assert.equal(request?.query.get('size'), '1');
  assert.deepEqual(JSON.parse(request?.query.get('filters') ?? ''), {
    label: { 'a=b': true },
    status: { running: true },
  });
});

test('uses the format of the configuration, as docker does', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'gantry-config-'));
  try {
    writeFileSync(path.join(directory, 'config.json'), '{"psFormat":"{{.Names}} is {{.State}}"}');
    await using engine = await FakeEngine.start();
    engine.on('GET', '/containers/json', { json: containers });
    const options = { host: engine.host, environment: { DOCKER_CONFIG: directory } };
    const [docker, gantry] = await Promise.all([runDocker(['ps'], options), runGantry(['ps'], options)]);
    assert.deepEqual(gantry, docker);
    assert.equal(gantry.stdout, 'web is running\njob is exited\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('speaks an older version with an older engine', async () => {
  await using engine = await FakeEngine.start();
  engine.on('GET', /^\/containers\/json$/, ({ version }) =>
    version === '1.51'
      ? {
          status: 400,
          json: { message: 'client version 1.51 is too new. Maximum supported API version is 1.41' },
        }
      : { json: containers },
  );
  engine.apiVersion = '1.41';
  const { code, stdout } = await runGantry(['ps', '-q'], engine);
  assert.deepEqual([code, stdout], [0, `${'a'.repeat(12)}\nc${'d'.repeat(11)}\n`]);
  assert.equal(engine.to('/containers/json').at(-1)?.version, '1.41');
});

test('tells what the engine refuses, and that none is there', async () => {
  await using engine = await FakeEngine.start();
  engine.on('GET', '/containers/json', { status: 500, json: { message: 'the store is damaged' } });
  const refused = await runGantry(['ps'], engine);
  assert.deepEqual([refused.code, refused.stderr], [1, 'Error response from daemon: the store is damaged\n']);
  const absent = await runGantry(['ps'], { host: 'unix:///nonexistent/s' });
  assert.equal(
    absent.stderr,
    'Cannot connect to the Gantry engine at unix:///nonexistent/s. Is gantryd running?\n',
  );
});
