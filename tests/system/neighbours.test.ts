import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { freePort } from '../support/free-port.ts';
import { peer, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const directory = mkdtempSync('/tmp/gantry-test-neighbours-');
const file = path.join(directory, 'daemon.json');
let daemon: TestDaemon;
let port: number;
let proxy: http.Server;
/** What the proxy was asked for: method, target and credentials. */
const asked: string[] = [];

before(async () => {
  proxy = http.createServer();
  const note = ({ method, url, headers }: http.IncomingMessage): void => {
    const [, credentials = ''] = (headers['proxy-authorization'] ?? '').split(' ');
    asked.push(`${method} ${url} ${Buffer.from(credentials, 'base64').toString()}`);
  };
  proxy.on('request', (request, response) => {
    note(request);
    response.writeHead(404).end();
  });
  proxy.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    note(request);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  port = await freePort();
  const proxyUrl = `http://me:secret@127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
  const proxies = { 'http-proxy': proxyUrl, 'https-proxy': proxyUrl, 'no-proxy': 'direct.invalid' };
  const settings = {
    'metrics-addr': `127.0.0.1:${port}`,
    // dockerd 20.10 tells measures to the daring only, and has no such proxies.
    ...(peer === undefined ? { proxies } : { experimental: true }),
  };
  writeFileSync(file, JSON.stringify(settings));
  daemon = await TestDaemon.start(['--config-file', file]);
  await loadBusybox(daemon);
});
after(async () => {
  await daemon[Symbol.asyncDispose]();
  proxy.close();
  rmSync(directory, { recursive: true });
});

async function measures(): Promise<Map<string, number>> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

test('measures are told to Prometheus under Docker’s names', async () => {
  const before = await measures();
  const check = ['--health-cmd', 'false', '--health-interval', '100ms'];
  const id = await daemon.ok('run', '-d', '--network', 'none', ...check, image, 'sleep', '1000');
  await daemon.ok('create', '--network', 'none', '--name', 'stopped', image);
  await daemon.ok('rm', 'stopped');
  const measure = (all: Map<string, number>, name: string): number => all.get(`engine_daemon_${name}`) ?? 0;
  // dockerd counts as failed only what could not be run.
  const checks = peer === undefined ? 'health_checks_failed_total' : 'health_checks_total';
  await until('two health checks', async () => measure(await measures(), checks) >= 2);
  const now = await measures();
  const rise = (name: string): number => measure(now, name) - measure(before, name);
  assert.equal(rise('container_actions_seconds_count{action="create"}'), 2);
  assert.equal(rise('container_actions_seconds_count{action="start"}'), 1);
  assert.equal(rise('container_actions_seconds_count{action="delete"}'), 1);
  assert.ok(rise('container_actions_seconds_sum{action="start"}') > 0);
  assert.equal(measure(now, 'container_states_containers{state="running"}'), 1);
  assert.ok(rise('health_checks_total') >= 2);
  assert.ok(rise('events_total') >= 4);
  assert.ok(measure(now, 'engine_memory_bytes') > 0 && measure(now, 'engine_cpus_cpus') > 0);
  assert.ok([...now.keys()].some((name) => /^engine_daemon_engine_info\{.*os_type="linux".*\}$/.test(name)));
  assert.ok((now.get('process_resident_memory_bytes') ?? 0) > 0);
  await daemon.ok('rm', '-f', id);
});

test('nothing but the measures is served where they are told', async () => {
  for (const where of ['/', '/containers/json', '/metrics/x']) {
    assert.equal((await fetch(`http://127.0.0.1:${port}${where}`)).status, 404);
  }
});

if (peer === undefined) {
  test('registries are reached through the proxies of daemon.json, and info hides their credentials', async () => {
    const refused = await daemon.docker(['pull', 'registry.invalid/image']);
    assert.notEqual(refused.exitCode, 0);
    assert.ok(asked.includes('CONNECT registry.invalid:443 me:secret'), asked.join('\n'));
    asked.length = 0;
    assert.notEqual((await daemon.docker(['pull', 'direct.invalid/image'])).exitCode, 0);
    assert.deepEqual(asked, []);
    const shown = await daemon.ok('info', '-f', '{{.HttpProxy}} {{.HttpsProxy}} {{.NoProxy}}');
    assert.match(shown, /^http:\/\/xxxxx:xxxxx@127\.0\.0\.1:\d+ http:\/\/xxxxx:xxxxx@\S+ direct\.invalid$/);
    assert.ok(!daemon.log.includes('secret'));
  });
}
