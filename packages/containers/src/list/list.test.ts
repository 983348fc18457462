import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContainerFixture } from '../../testing/index.ts';

async function names(
  fixture: ContainerFixture,
  filters: Record<string, string[]>,
  all: boolean = true,
): Promise<string[]> {
  const listed = await fixture.service.list({ all, size: false, filters: new Map(Object.entries(filters)) });
  return listed.map(({ Names: [name] = [] }) => name?.slice(1) ?? '');
}

async function three(): Promise<ContainerFixture> {
  const fixture = await ContainerFixture.open();
  await fixture.create('sleep', { Labels: { tier: 'back' } }, 'db');
  await fixture.create(
    'sleep',
    {
      Labels: { tier: 'front', public: '' },
      ExposedPorts: { '9000/udp': {} },
      HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] }, Binds: ['data:/data'] },
    },
    'web',
  );
  await fixture.create('false', { HostConfig: { NetworkMode: 'none' } }, 'job');
  await fixture.service.start('web');
  await fixture.service.start('job');
  await fixture.wait('job');
  return fixture;
}

test('containers are listed newest first, those that run unless all are asked for', async () => {
  await using fixture = await three();
  assert.deepEqual(await names(fixture, {}), ['job', 'web', 'db']);
  assert.deepEqual(await names(fixture, {}, false), ['web']);
  const limited = await fixture.service.list({ all: false, limit: 2, size: false, filters: new Map() });
  assert.equal(limited.length, 2);
});

test('a container is listed as it is at the time, however often it was listed before', async () => {
  await using fixture = await three();
  const shown = async (name: string): Promise<unknown> => {
    const filters = new Map([['name', [`^/${name}$`]]]);
    const [it] = await fixture.service.list({ all: true, size: false, filters });
    return [it?.State, it?.Ports?.length, it?.NetworkSettings?.Networks?.['bridge']?.EndpointID !== ''];
  };
  assert.deepEqual(await shown('web'), ['running', 3, true]);
  await fixture.service.kill('web', 'KILL');
  await fixture.wait('web');
  assert.deepEqual(await shown('web'), ['exited', 0, false]);
  await fixture.service.rename('web', 'shop');
  await fixture.service.start('shop');
  assert.deepEqual(await shown('shop'), ['running', 3, true]);
  assert.deepEqual(await names(fixture, {}), ['job', 'shop', 'db']);
});

test('every filter of docker ps does what it says', async () => {
  await using fixture = await three();
  const { Id: webId = '' } = await fixture.service.inspect('web', { size: false });
  const cases: [Record<string, string[]>, string[]][] = [
    [{ name: ['w'] }, ['web']],
    [{ name: ['^/web$', 'job'] }, ['job', 'web']],
    [{ id: [webId.slice(0, 12)] }, ['web']],
    [{ label: ['tier'] }, ['web', 'db']],
    [{ label: ['tier=front', 'public'] }, ['web']],
    [{ status: ['exited', 'created'] }, ['job', 'db']],
    [{ exited: ['1'] }, ['job']],
    [{ ancestor: ['busybox'] }, ['job', 'web', 'db']],
    [{ ancestor: ['busybox:latest'] }, ['job', 'web', 'db']],
    [{ ancestor: ['other'] }, []],
    [{ network: ['none'] }, ['job']],
    [{ volume: ['data'] }, ['web']],
    [{ volume: ['/data'] }, ['web']],
    [{ publish: ['8080'] }, ['web']],
    [{ publish: ['80'] }, []],
    [{ expose: ['8999-9001/udp'] }, ['web']],
    [{ before: ['web'] }, ['db']],
    [{ since: ['web'] }, ['job']],
    [{ health: ['none'] }, ['job', 'web', 'db']],
    [{ 'is-task': ['true'] }, []],
    [{ 'is-task': ['false'] }, ['job', 'web', 'db']],
  ];
  for (const [filters, expected] of cases)
    assert.deepEqual(await names(fixture, filters), expected, JSON.stringify(filters));
});

test('a status filter lists what does not run without all', async () => {
  await using fixture = await three();
  assert.deepEqual(await names(fixture, { status: ['exited'] }, false), ['job']);
});

test('what filters do not know is refused', async () => {
  await using fixture = await three();
  await assert.rejects(names(fixture, { colour: ['red'] }), {
    kind: 'invalid',
    message: "invalid filter 'colour'",
  });
  await assert.rejects(names(fixture, { colour: [] }), { message: "invalid filter 'colour'" });
  await assert.rejects(names(fixture, { status: ['flying'] }), {
    message:
      "invalid filter 'status=flying': invalid value for state (flying): must be one of created, running, paused, restarting, removing, exited, dead",
  });
  await assert.rejects(names(fixture, { 'is-task': ['x'] }), { message: "invalid filter 'is-task=[x]'" });
  await assert.rejects(names(fixture, { exited: ['x'] }), { kind: 'invalid' });
  await assert.rejects(names(fixture, { since: ['nobody'] }), { message: 'No such container: nobody' });
});

test('a summary has what docker ps shows', async () => {
  await using fixture = await three();
  const [web] = await fixture.service.list({ all: false, size: true, filters: new Map() });
  assert.match(web?.Status ?? '', /^Up /);
  assert.equal(web?.Command, 'sleep');
  assert.deepEqual(web?.Ports, [
    { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
    { PrivatePort: 9000, Type: 'udp' },
  ]);
  assert.equal(web?.NetworkSettings?.Networks?.['bridge']?.IPAddress, '172.17.0.2');
  assert.equal(web?.SizeRw, 5);
  const [job] = await fixture.service.list({ all: true, size: false, filters: new Map([['name', ['job']]]) });
  assert.match(job?.Status ?? '', /^Exited \(1\) (Less than a second|\d seconds?) ago$/);
});
