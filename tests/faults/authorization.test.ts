import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';

interface Question {
  RequestMethod: string;
  RequestUri: string;
  RequestBody: string;
  ResponseStatusCode?: number;
  ResponseBody?: string;
}

const image = 'mirror/busybox';
const questions: { method: string; question: Question }[] = [];
/** What the plugin says to a question; everything is allowed without it. */
let verdict: (method: string, question: Question) => object | 'silence' = () => ({ Allow: true });
let daemon: TestDaemon;
let plugin: http.Server;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  const directory = path.join(daemon.execRoot, 'plugins');
  mkdirSync(directory, { recursive: true });
  plugin = http.createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => plugin.listen(path.join(directory, 'watcher.sock'), resolve));
  await daemon.end('SIGTERM');
  await daemon.restart(['--authorization-plugin', 'watcher']);
});
after(async () => {
  verdict = () => ({ Allow: true });
  await daemon[Symbol.asyncDispose]();
  plugin.close();
});

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const method = request.url?.slice(1) ?? '';
  const said = method === 'Plugin.Activate' ? { Implements: ['authz'] } : ask(method, chunks);
  if (said === 'silence') request.socket.destroy();
  else response.end(JSON.stringify(said));
}

function ask(method: string, chunks: readonly Buffer[]): object | 'silence' {
  const question = JSON.parse(Buffer.concat(chunks).toString()) as Question;
  questions.push({ method, question });
  return verdict(method, question);
}

function bodyOf({ RequestBody: body }: Question): string {
  return Buffer.from(body, 'base64').toString();
}

/** Forbids privileged containers, as a site's plugin would. */
function forbidPrivileged(method: string, question: Question): object {
  const privileged = method.endsWith('Req') && /"Privileged":true/.test(bodyOf(question));
  return privileged ? { Allow: false, Msg: 'no privileged containers' } : { Allow: true };
}

/** Sends bytes as they are; resolves with what comes until the connection is closed, or `until` has come. */
function raw(head: readonly string[], body: string | Buffer): Promise<string> {
  const options = { socketPath: daemon.socketPath, method: head[0], path: head[1], agent: false };
  const headers = Object.fromEntries(head.slice(2).map((line) => line.split(': ') as [string, string]));
  return new Promise((resolve, reject) => {
    const request = http.request({ ...options, headers }, (response) => {
      let text = `${response.statusCode} `;
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.once('close', () => resolve(text));
    });
    request.once('error', reject);
    request.end(body);
  });
}

test('a plugin is asked about each request and each answer, and sees both bodies', async () => {
  questions.length = 0;
  assert.equal(await daemon.ok('run', '--rm', '--label', 'seen=yes', image, 'echo', 'ran'), 'ran');
  const create = questions.filter(({ question }) => question.RequestUri.includes('/containers/create'));
  assert.deepEqual(
    create.map(({ method }) => method),
    ['AuthZPlugin.AuthZReq', 'AuthZPlugin.AuthZRes'],
  );
  const [asked, answered] = create.map(({ question }) => question);
  assert.ok(asked !== undefined && answered !== undefined);
  assert.match(bodyOf(asked), /"seen":"yes"/);
  assert.equal(answered.ResponseStatusCode, 201);
  assert.match(Buffer.from(answered.ResponseBody ?? '', 'base64').toString(), /"Id":"[0-9a-f]{64}"/);
  assert.match(await daemon.ok('info', '-f', '{{.Plugins.Authorization}}'), /watcher/);
});

test('what it denies is answered 403 in Docker’s words, and not done', async () => {
  verdict = forbidPrivileged;
  const denied = await daemon.docker(['run', '--rm', '--privileged', image, 'true']);
  assert.equal(denied.exitCode, 125);
  assert.match(denied.stderr, /authorization denied by plugin watcher: no privileged containers/);
  assert.equal(await daemon.ok('run', '--rm', image, 'echo', 'allowed'), 'allowed');
  verdict = (method) => ({ Allow: !method.endsWith('Res'), Msg: 'not to be seen' });
  const hidden = await daemon.gantry(['images']);
  assert.match(hidden.stderr, /authorization denied by plugin watcher: not to be seen/);
  assert.equal(hidden.stdout, '');
  verdict = () => ({ Allow: true });
  assert.equal(await daemon.ok('ps', '-aq'), '');
});

test('no trick with the body gets past it: no length, no type, odd JSON, too much', async () => {
  verdict = forbidPrivileged;
  const evil = JSON.stringify({ Image: image, HostConfig: { Privileged: true } });
  const doubled = `{"HostConfig":{},"Image":"${image}","HostConfig":{"Privileged":true}}`;
  const escaped = evil.replace('Privileged', '\\u0050rivileged');
  const target = ['POST', '/containers/create'];
  const json = 'Content-Type: application/json';
  for (const [head, body] of [
    [[...target, json], evil],
    [[...target, json, 'Transfer-Encoding: chunked'], evil],
    [[...target, 'Transfer-Encoding: chunked'], evil],
    [[...target, json], doubled],
    [[...target, json], escaped],
    [['POST', '//v1.44//containers/create', json], evil],
  ] as const) {
    assert.match(await raw(head, body), /^403 .*no privileged containers/, head.join(' '));
  }
  const large = Buffer.from(`{"Labels":{"a":"${'x'.repeat(5 * 1024 * 1024)}"},${evil.slice(1)}`);
  assert.match(await raw([...target, json, 'Transfer-Encoding: chunked'], large), /^413 .*larger than/);
  verdict = () => ({ Allow: true });
  assert.equal(await daemon.ok('ps', '-aq'), '');
});

test('a plugin that breaks, lies or is gone allows nothing, and the engine goes on without it', async () => {
  for (const [said, message] of [
    ['silence', /plugin watcher failed with error: AuthZPlugin\.AuthZReq: /],
    [{}, /authorization denied by plugin watcher/],
    [{ Allow: 'yes' }, /authorization denied by plugin watcher/],
    [{ Allow: true, Err: 'confused' }, /plugin watcher failed with error: confused/],
  ] as const) {
    verdict = () => said;
    assert.match((await daemon.gantry(['ps'])).stderr, message);
  }
  verdict = () => ({ Allow: true });
  assert.equal(await daemon.ok('ps', '-q'), '');
});
