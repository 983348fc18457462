import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { LeakCheck, type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { FakeBuildClient, openRealBuilder, type RealBuilder } from '../../testing/index.ts';
import { openAgentSocket } from './agent-socket.ts';

let root: TemporaryRoot;
let builder: RealBuilder;
let leaks: LeakCheck;

before(async () => {
  root = await temporaryRoot();
  builder = await openRealBuilder(root.path, 'gblent0');
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

const secret = 'a-word-that-is-nowhere-else-6fd1';

function clientWithSecret(): FakeBuildClient {
  const client = new FakeBuildClient();
  client.secrets.set('token', Buffer.from(secret));
  return client;
}

test('a command has its secret as a file and as a variable, and nothing of it stays anywhere', async () => {
  const { id } = await builder.build(
    `FROM busybox
RUN --mount=type=secret,id=token,target=/deep/in/secret,mode=0440,uid=12,gid=34 \
    stat -c '%a %u:%g' /deep/in/secret > /seen && wc -c < /deep/in/secret >> /seen
RUN --mount=type=secret,id=token,env=TOKEN test ! -e /run/secrets && echo \${#TOKEN} >> /seen
RUN --mount=type=secret,id=token cat /run/secrets/token | wc -c >> /seen
RUN --mount=type=secret,id=none cat /run/secrets/none 2>/dev/null || echo none >> /seen
`,
    { client: clientWithSecret() },
  );
  const size = String(secret.length);
  assert.equal(await builder.read(id, '/seen'), `440 12:34\n${size}\n${size}\n${size}\nnone\n`);
  const found = spawnSync('grep', ['-rlaF', secret, root.path], { encoding: 'utf8' });
  assert.equal(found.stdout, '');
});

test('a secret is no part of the key of its step', async () => {
  const dockerfile =
    'FROM busybox\nRUN --mount=type=secret,id=token cat /run/secrets/token | wc -c > /size\n';
  const first = await builder.build(dockerfile, { client: clientWithSecret() });
  const other = new FakeBuildClient();
  other.secrets.set('token', Buffer.from('another'));
  assert.equal((await builder.build(dockerfile, { client: other })).id, first.id);
});

test('a secret or an agent that is required and not lent fails the build by its name', async () => {
  const build = (mount: string, client?: FakeBuildClient) =>
    builder.build(`FROM busybox\nRUN --mount=${mount} true\n`, client && { client });
  await assert.rejects(build('type=secret,id=lost,required', clientWithSecret()), /secret lost: not found/);
  await assert.rejects(build('type=secret,id=token,required=true'), /secret token: not found/);
  await assert.rejects(build('type=ssh,required'), /no SSH key "default" forwarded from the client/);
  const large = new FakeBuildClient();
  large.secrets.set('large', new Uint8Array(600_000));
  await assert.rejects(build('type=secret,id=large', large), /secret large is too big/);
});

test('an agent of the client answers behind a socket', async () => {
  const client = new FakeBuildClient();
  client.agents.set('deploy', (request) => Buffer.from(request.toString().toUpperCase()));
  const { id } = await builder.build(
    `FROM busybox
RUN --mount=type=ssh,id=deploy,mode=0666 ls -l $SSH_AUTH_SOCK | cut -c1-10 > /seen; echo $SSH_AUTH_SOCK >> /seen
RUN --mount=type=ssh,id=deploy,target=/agent stat -c %a /agent >> /seen
`,
    { client },
  );
  assert.equal(await builder.read(id, '/seen'), 'srw-rw-rw-\n/run/buildkit/ssh_agent.0\n600\n');
  const place = path.join(root.path, 'agent');
  const owner = { mode: 0o600, uid: 0, gid: 0 };
  await using _agent = await openAgentSocket({ path: place, owner, connect: () => client.ssh('deploy') });
  const socket = connect({ path: place, allowHalfOpen: true });
  socket.end('hello');
  assert.equal(Buffer.concat(await Array.fromAsync(socket)).toString(), 'HELLO');
});
