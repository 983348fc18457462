import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import Docker from 'dockerode';
import { busyboxImage, loadBusybox } from '../support/busybox-image.ts';
import { TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;
let docker: Docker;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  docker = new Docker({ socketPath: daemon.socketPath });
});
after(() => daemon[Symbol.asyncDispose]());

test('dockerode makes a network, joins and leaves it with a running container, and finds names there', async () => {
  const front = await docker.createNetwork({
    Name: 'front',
    Labels: { tier: 'edge' },
    IPAM: { Config: [{ Subnet: '10.88.0.0/24', Gateway: '10.88.0.1' }] },
  });
  const back = await docker.createNetwork({ Name: 'back', Internal: true });
  const web = await docker.createContainer({
    Image: busyboxImage,
    name: 'web',
    Cmd: ['sh', '-c', 'echo page > /index.html; exec httpd -f -h /'],
    ExposedPorts: { '80/tcp': {} },
    HostConfig: { NetworkMode: 'front', PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
    NetworkingConfig: {
      EndpointsConfig: { front: { Aliases: ['www'], IPAMConfig: { IPv4Address: '10.88.0.9' } } },
    },
  });
  await web.start();
  const { NetworkSettings: settings } = await web.inspect();
  assert.equal(settings.Networks['front']?.IPAddress, '10.88.0.9');
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${settings.Ports['80/tcp']?.[0]?.HostPort}/`);
    assert.equal(await answer.text(), 'page\n');
  });
  const asker = await docker.createContainer({
    Image: busyboxImage,
    name: 'asker',
    Cmd: ['sleep', '1000'],
    HostConfig: { NetworkMode: 'back' },
  });
  await asker.start();
  assert.notEqual(await exitCodeOf(asker, ['nslookup', 'www']), 0);
  await front.connect({ Container: asker.id, EndpointConfig: { Aliases: ['client'] } });
  assert.equal(await exitCodeOf(asker, ['nslookup', 'www']), 0);
  assert.equal(await exitCodeOf(asker, ['wget', '-qO-', 'http://10.88.0.9/']), 0);
  const { Containers: joined = {} } = await front.inspect();
  assert.deepEqual(
    Object.values(joined)
      .map(({ Name }) => Name)
      .sort(),
    ['asker', 'web'],
  );
  assert.deepEqual(
    (await docker.listNetworks({ filters: { label: ['tier=edge'] } })).map(({ Name }) => Name),
    ['front'],
  );
  await assert.rejects(front.remove(), { statusCode: 403, message: /network front .*has active endpoints/ });
  await front.disconnect({ Container: asker.id, Force: false });
  assert.notEqual(await exitCodeOf(asker, ['nslookup', 'www']), 0);
  for (const container of [web, asker]) await container.remove({ force: true });
  assert.deepEqual((await docker.pruneNetworks({})).NetworksDeleted?.sort(), ['back', 'front']);
  await assert.rejects(back.inspect(), { statusCode: 404 });
});

test('dockerode makes, lists, keeps and removes volumes', async () => {
  await docker.createVolume({ Name: 'kept', Labels: { keep: 'yes' } });
  await docker.createVolume({
    Name: 'small',
    Driver: 'local',
    DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' },
  });
  const output = new PassThrough();
  // Kept until it is removed below: dockerode asks for the end of what it runs when it may be over.
  const [finished, writer] = (await docker.run(
    busyboxImage,
    ['sh', '-c', 'echo data > /kept/file; df -m /small | tail -n 1'],
    output,
    {
      HostConfig: { Binds: ['kept:/kept', 'small:/small'] },
    },
  )) as [{ StatusCode: number }, Docker.Container];
  await writer.remove();
  assert.equal(finished.StatusCode, 0);
  assert.match(String(output.read()), /^tmpfs +1 /);
  const user = await docker.createContainer({
    Image: busyboxImage,
    Cmd: ['cat', '/data/file'],
    HostConfig: { Mounts: [{ Type: 'volume', Source: 'kept', Target: '/data', ReadOnly: true }] },
  });
  await assert.rejects(docker.getVolume('kept').remove(), { statusCode: 409, message: /volume is in use/ });
  await user.start();
  assert.equal((await user.wait()).StatusCode, 0);
  assert.match((await user.logs({ stdout: true })).toString(), /data\n$/);
  await user.remove();
  const { Volumes: found } = await docker.listVolumes({ filters: { label: ['keep=yes'] } });
  assert.deepEqual(
    found.map(({ Name }) => Name),
    ['kept'],
  );
  for (const name of ['kept', 'small']) await docker.getVolume(name).remove();
  await assert.rejects(docker.getVolume('kept').inspect(), { statusCode: 404 });
});

async function exitCodeOf(container: Docker.Container, command: string[]): Promise<number | null> {
  const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  for await (const _chunk of stream);
  return (await exec.inspect()).ExitCode;
}

/** A server in a container needs its moment. */
async function eventually(look: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
}
