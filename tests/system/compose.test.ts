import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { type Finished, run } from '../support/processes.ts';
import { repositoryRoot, TestDaemon } from '../support/test-daemon.ts';

/** Several networks and volumes, an order by health and by a task that ends, a profile, files and limits. */
const project = `
name: shop
services:
  database:
    image: mirror/busybox
    command: sh -c 'touch /data/ready; exec nc -ll -p 5432 -e echo row'
    init: true
    volumes: ["data:/data"]
    networks: { back: { aliases: [db] } }
    healthcheck: { test: [CMD, test, -e, /data/ready], interval: 200ms, retries: 50 }
    secrets: [token]
  migrate:
    image: mirror/busybox
    command: sh -c 'nc db 5432 </dev/null >/data/migrated'
    volumes: ["data:/data"]
    networks: [back]
    depends_on: { database: { condition: service_healthy } }
  web:
    image: mirror/busybox
    command: sh -c 'echo page >/index.html; exec httpd -f -h /'
    init: true
    networks: { front: { ipv4_address: 10.99.1.10 }, back: {} }
    ports: ["127.0.0.1:18080:80"]
    configs: [{ source: settings, target: /etc/settings }]
    environment: { MODE: "\${MODE:-usual}" }
    depends_on: { migrate: { condition: service_completed_successfully } }
    extra_hosts: ["host.docker.internal:host-gateway"]
  worker:
    image: mirror/busybox
    command: sleep 1000
    init: true
    networks: [back]
    deploy: { replicas: 2, resources: { limits: { memory: 64M } } }
  debug:
    image: mirror/busybox
    profiles: [debug]
    command: sleep 1000
    init: true
    networks: [front]
networks:
  front: { ipam: { config: [{ subnet: 10.99.1.0/24, gateway: 10.99.1.1 }] } }
  back: { internal: true }
volumes:
  data: { labels: { keep: "yes" } }
configs:
  settings: { file: ./settings }
secrets:
  token: { file: ./token }
`;
let daemon: TestDaemon;
let folder: string;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  folder = path.join(daemon.root, 'project');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'compose.yaml'), project);
  writeFileSync(path.join(folder, 'settings'), 'setting\n');
  writeFileSync(path.join(folder, 'token'), 'secret\n');
});
after(() => daemon[Symbol.asyncDispose]());

test('Compose brings a project up in order, and its services find each other by name', async () => {
  await ok('up', '-d');
  const services = JSON.parse(`[${(await ok('ps', '-a', '--format', 'json')).replaceAll('\n', ',')}]`) as {
    Service: string;
    State: string;
    Health: string;
    ExitCode: number;
  }[];
  assert.deepEqual(
    services
      .map(({ Service, State, Health, ExitCode }) => [Service, State, Health, ExitCode].join(' '))
      .sort(),
    [
      'database running healthy 0',
      'migrate exited  0',
      'web running  0',
      'worker running  0',
      'worker running  0',
    ],
  );
  assert.equal(await ok('exec', '-T', 'database', 'cat', '/data/migrated'), 'row');
  assert.equal(await ok('exec', '-T', 'web', 'cat', '/etc/settings'), 'setting');
  assert.equal(await ok('exec', '-T', 'database', 'cat', '/run/secrets/token'), 'secret');
  assert.equal(await (await fetch('http://127.0.0.1:18080/')).text(), 'page\n');
  for (const name of ['db', 'database', 'web', 'shop-worker-2']) {
    await ok('exec', '-T', '--index', '1', 'worker', 'nslookup', name);
  }
  assert.match(await ok('exec', '-T', 'web', 'cat', '/etc/hosts'), /host\.docker\.internal/);
  assert.match(await ok('logs', '--no-color', 'web', 'migrate', 'database'), /^$/m);
  assert.equal(await ok('port', 'web', '80'), '127.0.0.1:18080');
});

test('Compose scales, recreates only what has changed, and starts a profile', async () => {
  const idOf = (service: string): Promise<string> => ok('ps', '-q', service);
  const [database, web] = [await idOf('database'), await idOf('web')];
  await ok('up', '-d', '--scale', 'worker=4');
  assert.equal((await idOf('worker')).split('\n').length, 4);
  await ok('up', '-d', '--scale', 'worker=1');
  assert.equal((await idOf('worker')).split('\n').length, 1);
  assert.deepEqual([await idOf('database'), await idOf('web')], [database, web]);
  await compose(['up', '-d'], { MODE: 'changed' });
  assert.equal(await ok('exec', '-T', 'web', 'sh', '-c', 'echo $MODE'), 'changed');
  assert.equal(await idOf('database'), database);
  assert.notEqual(await idOf('web'), web);
  await ok('--profile', 'debug', 'up', '-d', 'debug');
  await ok('--profile', 'debug', 'exec', '-T', 'debug', 'nslookup', 'web');
  assert.notEqual(
    (await compose(['--profile', 'debug', 'exec', '-T', 'debug', 'nslookup', 'db'])).exitCode,
    0,
  );
});

test('Compose runs a task, and takes away what it made but volumes, until it is told to', async () => {
  const task = ['run', '--rm', '-T', '--no-deps', 'database', 'sh', '-c', 'ls /data; exit 7'];
  const { stdout, exitCode } = await compose(task);
  assert.deepEqual([stdout, exitCode], ['migrated\nready\n', 7]);
  for (const change of ['restart', 'pause', 'unpause', 'stop', 'start', 'kill']) await ok(change, 'worker');
  await ok('--profile', 'debug', 'down');
  assert.equal(await daemon.ok('ps', '-aq'), '');
  assert.equal(await daemon.ok('network', 'ls', '-q', '--filter', 'type=custom'), '');
  assert.equal(await daemon.ok('volume', 'ls', '-q'), 'shop_data');
  await ok('down', '--volumes');
  assert.equal(await daemon.ok('volume', 'ls', '-q'), '');
});

async function ok(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await compose(args);
  assert.equal(exitCode, 0, `${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

function compose(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  const host = `unix://${daemon.socketPath}`;
  const config = path.join(repositoryRoot, 'node_modules/.cache/docker');
  return run('docker', ['compose', ...args], {
    cwd: folder,
    env: { DOCKER_HOST: host, DOCKER_CONFIG: config, ...env },
  });
}
