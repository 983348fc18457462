import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { TestAuthority } from '@gantry/testkit';
import { callGantry } from '../../../testing/call-program.ts';
import { type ProgramResult, runDocker } from '../../../testing/run-program.ts';

// docker here is the docker CLI 28.
const { cert, key } = new TestAuthority('authority').issue('localhost');
const root = mkdtempSync(path.join(tmpdir(), 'gantry-contexts-'));
after(() => rmSync(root, { recursive: true, force: true }));
const docker = path.join(root, 'docker');
const gantry = path.join(root, 'gantry');
for (const directory of [docker, gantry]) {
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'ca.pem'), cert);
  writeFileSync(path.join(directory, 'key.pem'), key);
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
  await same('-H unix:///nowhere ps', { DOCKER_CONTEXT: 'gone' });
});

test('refuses two hosts, as docker does in words that changed within its version 28', async () => {
  const args = ['-H', 'unix:///x', '-H', 'unix:///y', 'ps'];
  for (const run of [runDocker, callGantry]) {
    const { code, stderr } = await run(args, {});
    assert.ok(code !== 0);
    assert.match(stderr, /specify only one -H/i);
  }
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
