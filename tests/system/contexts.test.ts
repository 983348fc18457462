import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TestAuthority } from '@gantry/testkit';
import { loadBusybox } from '../support/busybox-image.ts';
import { type Finished, run } from '../support/processes.ts';
import { peer, programs, repositoryRoot, TestDaemon } from '../support/test-daemon.ts';

const authority = new TestAuthority('engines');
const pair = authority.issue('localhost');
let daemon: TestDaemon;
let root: string;
let tcpAddress: string;

before(async () => {
  root = mkdtempSync('/tmp/gantry-contexts-');
  for (const [name, text] of [
    ['ca.pem', authority.cert],
    ['cert.pem', pair.cert],
    ['key.pem', pair.key],
  ] as const) {
    writeFileSync(path.join(root, name), text);
  }
  const tls = ['ca', 'cert', 'key'].map(
    (name) => `--tls${name === 'ca' ? 'cacert' : name}=${root}/${name}.pem`,
  );
  const port = peer === undefined ? '0' : '52376';
  daemon = await TestDaemon.start(['-H', `tcp://127.0.0.1:${port}`, '--tlsverify', ...tls]);
  const bound = /"host":"127\.0\.0\.1","port":(\d+)/.exec(daemon.log)?.[1] ?? port;
  tcpAddress = `tcp://localhost:${bound}`;
  await loadBusybox(daemon);
  await daemon.ok('create', '--name', 'seen', 'mirror/busybox');
  putSsh();
});
after(async () => {
  await daemon[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

/** An ssh that runs what it is told on this machine, where the engine is the one of this test. */
function putSsh(): void {
  const bin = path.join(root, 'bin');
  mkdirSync(bin);
  const put = (name: string, script: string): void => {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(bin, name), 0o755);
  };
  put(
    'ssh',
    'while true; do case "$1" in -o|-l|-p) shift 2;; -T|--|-o?*) shift;; *) break;; esac; done\n' +
      `shift; [ "$1" = -- ] && shift; DOCKER_HOST=unix://${daemon.socketPath} exec sh -c "$*"`,
  );
  const program = path.join(repositoryRoot, 'dist/gantry.js');
  put('gantry', `exec ${process.execPath} -- ${program} "$@"`);
}

/** A program with a configuration directory of its own and nothing else that names an engine. */
function call(
  program: string,
  config: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Finished> {
  const directory = path.join(root, config);
  mkdirSync(directory, { recursive: true });
  const command = program === 'gantry' ? path.join(root, 'bin/gantry') : program;
  const searched = `${path.join(root, 'bin')}:${process.env['PATH']}`;
  // docker 20.10 takes a DOCKER_HOST that is there and empty for a choice.
  return run('env', ['-u', 'DOCKER_HOST', ...assigned(env), command, ...args], {
    env: { DOCKER_CONFIG: directory, PATH: searched },
  });
}

function assigned(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

for (const program of programs) {
  describe(`${program} context`, () => {
    test('reaches an engine by its socket, by TCP with certificates on both sides, and by ssh', async () => {
      const files = ['ca', 'cert', 'key'].map((name) => `${name}=${root}/${name}.pem`).join(',');
      const endpoints = {
        local: `host=unix://${daemon.socketPath}`,
        secured: `host=${tcpAddress},${files}`,
        away: 'host=ssh://somebody@elsewhere',
      };
      for (const [name, endpoint] of Object.entries(endpoints)) {
        const made = await call(program, program, ['context', 'create', name, '--docker', endpoint]);
        assert.deepEqual([made.exitCode, made.stdout], [0, `${name}\n`], made.stderr);
        const listed = await call(program, program, ['-c', name, 'ps', '-a', '--format', '{{.Names}}']);
        assert.deepEqual([listed.exitCode, listed.stdout], [0, 'seen\n'], `${name}: ${listed.stderr}`);
      }
      const hijacked = await call(program, program, [
        '-c',
        'away',
        'run',
        '--rm',
        'mirror/busybox',
        'echo',
        'hi',
      ]);
      assert.deepEqual([hijacked.exitCode, hijacked.stdout], [0, 'hi\n'], hijacked.stderr);
    });

    test('is made by one program, used by the other', async () => {
      const shown = ['context', 'inspect', '--format', '{{.Name}}'];
      for (const other of programs) {
        const chosen = await call(program, program, ['context', 'use', 'secured']);
        assert.equal(chosen.exitCode, 0, chosen.stderr);
        assert.equal((await call(other, program, shown)).stdout, 'secured\n');
        assert.equal((await call(other, program, ['ps', '-aq'])).stdout.trim().length, 12);
        const archive = path.join(root, `${program}-${other}.tar`);
        const exported = await call(program, program, ['context', 'export', 'secured', archive]);
        assert.equal(exported.exitCode, 0, exported.stderr);
        const imported = await call(other, `imports-${program}-${other}`, [
          'context',
          'import',
          'copy',
          archive,
        ]);
        assert.equal(imported.exitCode, 0, imported.stderr);
        const listed = await call(other, `imports-${program}-${other}`, ['-c', 'copy', 'ps', '-aq']);
        assert.equal(listed.stdout.trim().length, 12, listed.stderr);
      }
    });

    test('is refused by an engine that wants a certificate and gets none', async () => {
      const bare = `host=${tcpAddress},ca=${root}/ca.pem`;
      await call(program, program, ['context', 'create', 'bare', '--docker', bare]);
      const refused = await call(program, program, ['-c', 'bare', 'ps']);
      assert.equal(refused.exitCode, 1);
      assert.notEqual(refused.stderr, '');
    });

    test('gives way to flags and environment', async () => {
      const host = `unix://${daemon.socketPath}`;
      assert.equal((await call(program, program, ['-H', host, 'ps', '-aq'])).exitCode, 0);
      assert.equal((await call(program, program, ['ps', '-aq'], { DOCKER_CONTEXT: 'gone' })).exitCode, 1);
      const settings = { DOCKER_HOST: tcpAddress, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: root };
      const listed = await call(program, program, ['ps', '-aq'], { ...settings, DOCKER_CONTEXT: 'gone' });
      assert.equal(listed.stdout.trim().length, 12, listed.stderr);
    });

    test('stands beside formats and proxies in config.json, which both read', async () => {
      const config = path.join(root, `formats-${program}`);
      mkdirSync(config);
      writeFileSync(
        path.join(config, 'config.json'),
        JSON.stringify({
          psFormat: 'named {{.Names}}',
          imagesFormat: '{{.Repository}}',
          proxies: {
            default: { httpProxy: 'http://default:1' },
            [`unix://${daemon.socketPath}`]: { httpsProxy: 'http://own:2', noProxy: 'x' },
          },
        }),
      );
      const host = ['-H', `unix://${daemon.socketPath}`];
      const at = `formats-${program}`;
      assert.equal((await call(program, at, [...host, 'ps', '-a'])).stdout, 'named seen\n');
      assert.equal((await call(program, at, [...host, 'images'])).stdout, 'mirror/busybox\n');
      const script = ['sh', '-c', 'echo $HTTP_PROXY,$HTTPS_PROXY,$https_proxy,$NO_PROXY'];
      const inside = await call(program, at, [...host, 'run', '--rm', 'mirror/busybox', ...script]);
      assert.equal(inside.stdout, ',http://own:2,http://own:2,x\n', inside.stderr);
      assert.ok(existsSync(path.join(config, 'config.json')));
      assert.match(readFileSync(path.join(config, 'config.json'), 'utf8'), /psFormat/);
    });
  });
}

test('run --use-api-socket hands the socket and credentials to a container', {
  skip: peer !== undefined,
}, async () => {
  const auths = { 'registry.example:5000': { auth: 'dXNlcjpwYXNz' } };
  mkdirSync(path.join(root, 'signed-in'));
  writeFileSync(path.join(root, 'signed-in/config.json'), JSON.stringify({ auths }));
  const script = 'test -S /var/run/docker.sock && cat $DOCKER_CONFIG/config.json';
  const host = ['-H', `unix://${daemon.socketPath}`];
  const words = [...host, 'run', '--rm', '--use-api-socket', 'mirror/busybox', 'sh', '-c', script];
  const inside = await call('gantry', 'signed-in', words);
  assert.deepEqual([inside.exitCode, JSON.parse(inside.stdout)], [0, { auths }], inside.stderr);
});
