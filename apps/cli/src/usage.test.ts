import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callGantry } from '../testing/call-program.ts';
import { runDocker } from '../testing/run-program.ts';

const host = 'unix:///nonexistent/engine.sock';

const commandLines: string[] = [
  'run',
  'run --foo x',
  'run -Z x',
  'run --rm=maybe x',
  'run --name',
  'run -e',
  'run --network a=b=c y',
  'run -d --rm --restart always img',
  'run --pull foo img',
  'run -p abc img',
  'run -p 99999:80 img',
  'run -p 1.2.3:1:2 img',
  'run -p 1-3:1-2 img',
  'run --mount type=bind img',
  'run --mount foo=bar img',
  'run --env-file /nonexistent-env img',
  'run --memory-swappiness 101 img',
  'run --health-cmd x --no-healthcheck img',
  'run --restart on-failure:x img',
  'run --pid bogus img',
  'run --mac-address x img',
  'run -d -a stdout img',
  'create',
  'ps --foo',
  'ps extra',
  'ps -n abc',
  'rm',
  'rename a',
  'logs a b',
  'tag a',
  'inspect',
  'images a b',
  'exec a',
  'container bogus',
  'container --bogus',
  '--bogus',
  'bogus',
  'network ls x',
  'stop -t x y',
];

const concurrency = 4;

describe('refuses as docker does', { concurrency }, () => {
  for (const line of commandLines) {
    test(line, async () => {
      const args = line.split(' ');
      const [docker, gantry] = await Promise.all([runDocker(args, { host }), callGantry(args, { host })]);
      const expected = docker.stderr
        .replaceAll('docker', 'gantry')
        // Version 28.5 writes some of these with a capital.
        .replace(
          /: Invalid (ip\b)?/,
          (_, address?: string) => `: invalid ${address === undefined ? '' : 'IP'}`,
        )
        .replace(/^S?(?:See|Run) '/m, "Run '")
        .replace(/^SRun '/m, "Run '");
      assert.deepEqual([gantry.code, gantry.stdout, gantry.stderr], [docker.code, docker.stdout, expected]);
    });
  }
});

describe('prints help in the form of docker', { concurrency }, () => {
  for (const line of [
    'ps --help',
    'run --help',
    'container ls --help',
    'network create --help',
    'help logs',
    'rename --help',
    'image rm --help',
  ]) {
    test(line, async () => {
      const args = line.split(' ');
      const [docker, gantry] = await Promise.all([runDocker(args, { host }), callGantry(args, { host })]);
      const shape = (text: string): string[] =>
        text
          .replaceAll('docker', 'gantry')
          .split('\n')
          .filter((row) => /^\S|^ {2,6}-|^ {2}gantry/.test(row))
          .map((row) => row.replace(/^( {2,6}-\S+(?: --[\w-]+)?(?: [\w-]+)?).*/, '$1'))
          .filter(
            (row) =>
              !/^[A-Z][a-z ]+(?!.*:)/.test(row) &&
              !/disable-content-trust|kernel-memory|--no-pause/.test(row),
          );
      assert.deepEqual(shape(gantry.stdout), shape(docker.stdout));
      assert.equal(gantry.code, 0);
    });
  }

  test('every group lists its commands', async () => {
    for (const group of ['container', 'image', 'network', 'volume']) {
      const [docker, gantry] = await Promise.all([
        runDocker([group], { host }),
        callGantry([group], { host }),
      ]);
      const names = (text: string): string[] =>
        [...text.matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name ?? '');
      assert.deepEqual(names(gantry.stderr), names(docker.stderr));
      assert.equal(gantry.stdout, '');
    }
  });
});

test('says of a command that is not built that it is not, and ends with 1', async () => {
  const result = await callGantry(['swarm', 'init', '--autolock'], { host });
  assert.deepEqual([result.code, result.stderr], [1, 'gantry swarm init is not built yet\n']);
  const bake = await callGantry(['bake'], { host });
  const words = 'gantry buildx bake is not built yet: docker buildx bake works with gantryd\n';
  assert.deepEqual([bake.code, bake.stderr], [1, words]);
  const unknown = await callGantry(['swarm', 'init', '--nope'], { host });
  assert.equal(unknown.code, 125);
});

test('prints the version, the root help, and help for everything in the grammar', async () => {
  assert.match((await callGantry(['--version'], { host })).stdout, /^Gantry version \d/);
  const { stdout } = await callGantry(['--help'], { host });
  assert.equal((await callGantry([], { host })).stderr, stdout);
  for (const section of [
    'Common Commands:',
    'Management Commands:',
    'Swarm Commands:',
    'Commands:',
    'Global Options:',
  ]) {
    assert.ok(stdout.includes(`\n${section}\n`), section);
  }
});
