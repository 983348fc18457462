import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { callGantry } from '../../../testing/call-program.ts';
import { FakeEngine } from '../../../testing/fake-engine.ts';
import { type ProgramResult, runDocker } from '../../../testing/run-program.ts';

const root = mkdtempSync(path.join(tmpdir(), 'gantry-contexts-'));
after(() => rmSync(root, { recursive: true, force: true }));
execFileSync(
  'openssl',
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -days 30 -keyout key.pem -out ca.pem'.split(
    ' ',
  ),
  { cwd: root, stdio: 'ignore' },
);
const pem = readFileSync(path.join(root, 'ca.pem'), 'utf8');
const docker = path.join(root, 'docker');
const gantry = path.join(root, 'gantry');
for (const directory of [docker, gantry]) {
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'ca.pem'), pem);
  copyFileSync(path.join(root, 'key.pem'), path.join(directory, 'key.pem'));
  writeFileSync(path.join(directory, 'bad.pem'), 'bad');
}
process.chdir(gantry);

type Environment = Readonly<Record<string, string>>;

/** What both clients print, without what has to differ: the directory, the default socket, the program's name. */
async function same(line: string | readonly string[], environment: Environment = {}): Promise<ProgramResult> {
  const args = typeof line === 'string' ? line.split(' ') : line;
  const [theirs, ours] = await Promise.all([
    runDocker(args, { cwd: docker, environment: { DOCKER_CONFIG: docker, ...environment } }),
    callGantry(args, { environment: { DOCKER_CONFIG: gantry, ...environment } }),
  ]);
  assert.deepEqual(plain(ours), plain(theirs), args.join(' '));
  return ours;
}

function plain({ code, stdout, stderr }: ProgramResult): ProgramResult {
  const text = (output: string): string =>
    output
      .replaceAll(docker, '<config>')
      .replaceAll(gantry, '<config>')
      .replaceAll(/unix:\/\/\/(?:var\/run\/docker|run\/gantry\/gantry)\.sock */g, '<default>')
      .replaceAll('Docker daemon', 'engine')
      .replaceAll('Gantry engine', 'engine')
      .replaceAll('Is the docker daemon running', 'Is it running')
      .replaceAll('Is gantryd running', 'Is it running')
      .replaceAll(/\b(?:gantry|docker):? /g, 'program ')
      .replaceAll(/ {2,}/g, '  ')
      .replaceAll(/ +$/gm, '');
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

test('makes, lists, shows, changes and removes contexts as docker does, to the letter', async () => {
  const lines = [
    'context ls',
    'context show',
    'context inspect',
    'context create one --docker host=unix:///tmp/x.sock --description first',
    'context create two --docker host=tcp://127.0.0.1:2376,skip-tls-verify=true',
    'context create ten --docker host=tcp://10.0.0.1:2376,ca=ca.pem,cert=ca.pem,key=key.pem',
    'context create odd --docker host=tcp://10.0.0.1:2376,ca=bad.pem',
    'context create away --docker host=ssh://user@elsewhere',
    'context create one --docker host=unix:///y',
    'context create bad/name --docker host=unix:///y',
    'context create default',
    'context create copy --from one',
    'context create both --from one --docker host=unix:///z',
    'context create odd --docker foo=bar',
    'context create odd --docker host=tcp://h:1,ca=/nowhere.pem',
    'context create odd --docker from=nowhere',
    'context create odd --docker skip-tls-verify=maybe,host=unix:///x',
    'context create odd --from nowhere',
    'context create taken --docker from=ten',
    'context ls',
    'context ls -q',
    'context ls --format json',
    'context list --format {{.Name}}:{{.Current}}:{{.DockerEndpoint}}',
    'context inspect one two ten nowhere',
    'context inspect one --format {{.Name}}',
    'context update copy --description changed',
    'context update copy --docker host=tcp://1.2.3.4:5',
    'context update nowhere --description x',
    'context inspect copy ten --format {{json .Endpoints}}',
    'context use nowhere',
    'context use two',
    'context show',
    'context ls',
    'context rm two',
    'context rm default',
    'context rm nowhere copy',
    'context rm -f two nowhere',
    'context show',
    'context use default',
    'context show extra',
    'context import one',
  ];
  for (const line of lines) await same(line);
});

test('follows flags, environment and configuration in order, and warns of what wins over contexts', async () => {
  await same('context use one');
  await same('context show', { DOCKER_CONTEXT: 'ten' });
  await same('context show', { DOCKER_HOST: 'unix:///q', DOCKER_CONTEXT: 'ten' });
  await same('-c away context show', { DOCKER_HOST: 'unix:///q' });
  await same('context ls', { DOCKER_HOST: 'unix:///q' });
  await same('context use ten', { DOCKER_HOST: 'unix:///q' });
  await same('ps', { DOCKER_CONTEXT: 'gone' });
  await same('-c gone ps');
  await same('context ls', { DOCKER_CONTEXT: 'gone' });
  await same('-H unix:///x -c one ps');
  await same('-H unix:///x -H unix:///y ps');
  await same('-H unix:///nowhere ps', { DOCKER_CONTEXT: 'gone' });
});

test('exports to archives that docker imports, and imports those that docker exports', async () => {
  await same('context export ten');
  await same('context export ten');
  await same('context export nowhere other');
  for (const [maker, reader] of [
    [docker, gantry],
    [gantry, docker],
  ] as const) {
    copyFileSync(path.join(maker, 'ten.dockercontext'), path.join(reader, 'theirs.dockercontext'));
  }
  await same('context import theirs theirs.dockercontext');
  await same('context inspect theirs');
  await same('context import theirs theirs.dockercontext');
  await same('context import more missing.dockercontext');
  for (const directory of [docker, gantry]) writeFileSync(path.join(directory, 'empty'), '');
  await same('context import more empty');
});

test('reads zip archives, stored and deflated, and refuses other files in them', async () => {
  const metadata = {
    Name: 'x',
    Metadata: { Description: 'zipped' },
    Endpoints: { docker: { Host: 'unix:///z' } },
  };
  for (const method of [0, 8] as const) {
    const files = { 'meta.json': JSON.stringify(metadata), 'tls/docker/ca.pem': pem };
    for (const directory of [docker, gantry])
      writeFileSync(path.join(directory, 'c.zip'), zipOf(files, method));
    await same(`context import zip${method} c.zip`);
    await same(`context inspect zip${method}`);
  }
  writeFileSync(path.join(gantry, 'bad.zip'), zipOf({ '../../config.json': '{}' }, 0));
  const bad = await callGantry(['context', 'import', 'bad', 'bad.zip'], {
    environment: { DOCKER_CONFIG: gantry },
  });
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /unexpected file/);
});

test('keeps what it does not know in config.json, for the user alone', async () => {
  const file = path.join(gantry, 'config.json');
  writeFileSync(file, JSON.stringify({ auths: { r: { auth: 'eA==' } }, plugins: { p: { k: 'v' } } }));
  chmodSync(file, 0o600);
  const environment = { DOCKER_CONFIG: gantry };
  assert.equal((await callGantry(['context', 'use', 'one'], { environment })).code, 0);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
    auths: { r: { auth: 'eA==' } },
    plugins: { p: { k: 'v' } },
    currentContext: 'one',
  });
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('talks to the engine that the current context of config.json names, and says when that is gone', async () => {
  await using engine = await FakeEngine.start();
  engine.on('GET', '/containers/json', { json: [] });
  const environment = { DOCKER_CONFIG: gantry };
  const made = ['context', 'create', 'live', '--docker', `host=${engine.host}`];
  assert.equal((await callGantry(made, { environment })).code, 0);
  await callGantry(['context', 'use', 'live'], { environment });
  assert.equal((await callGantry(['ps', '-q'], { environment })).code, 0);
  assert.equal(engine.to('/containers/json').length, 1);
  await callGantry(['context', 'rm', '-f', 'live'], { environment });
  const { code } = await callGantry(['ps', '-q'], {
    environment: { ...environment, DOCKER_CONTEXT: 'live' },
  });
  assert.equal(code, 1);
  assert.equal(engine.to('/containers/json').length, 1);
});

/** A zip archive of one method: 0 stored, 8 deflated. */
function zipOf(files: Readonly<Record<string, string>>, method: 0 | 8): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const packed = method === 0 ? Buffer.from(text) : deflateRawSync(text);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(crc32(text), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(Buffer.byteLength(text), 18);
    shared.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), packed]);
    entries.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), shared, tail, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
