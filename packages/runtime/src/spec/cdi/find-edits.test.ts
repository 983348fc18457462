import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { applyEdits } from './apply-edits.ts';
import { type DeviceWish, findContainerEdits } from './find-edits.ts';

let root: string;
const damaged: unknown[] = [];
const logger = { ...silentLogger, warn: (_message: string, fields?: object) => void damaged.push(fields) };

before(() => {
  root = mkdtempSync(path.join(tmpdir(), 'gantry-cdi-'));
  for (const name of ['low', 'high']) mkdirSync(path.join(root, name));
});
after(() => rmSync(root, { recursive: true }));

const write = (file: string, document: object | string): void =>
  writeFileSync(path.join(root, file), typeof document === 'string' ? document : JSON.stringify(document));
const described = (kind: string, edits: Record<string, object>, more: object = {}): object => ({
  cdiVersion: '0.6.0',
  kind,
  devices: Object.entries(edits).map(([name, containerEdits]) => ({ name, containerEdits })),
  ...more,
});
const named = (...deviceIds: string[]): DeviceWish => ({
  driver: 'cdi',
  count: 0,
  deviceIds,
  capabilities: [],
});
const find = (...wishes: DeviceWish[]): ReturnType<typeof findContainerEdits> =>
  findContainerEdits(wishes, { directories: [path.join(root, 'low'), path.join(root, 'high')], logger });

test('edits come once for a file and once for each device, in the order of the wishes', async () => {
  write(
    'low/a.json',
    described(
      'v.com/a',
      { x: { env: ['X=1'] }, y: { env: ['Y=1'] } },
      { containerEdits: { env: ['ALL=1'] } },
    ),
  );
  const edits = await find(named('v.com/a=y', 'v.com/a=x'), named('v.com/a=y'));
  assert.deepEqual(edits?.env, ['ALL=1', 'Y=1', 'X=1']);
  assert.equal(await find(), undefined);
});

test('a device that one directory describes twice is nobody’s, unless a weightier one has it', async () => {
  write('low/b.json', described('v.com/b', { x: { env: ['B=1'] } }));
  write('low/c.json', described('v.com/b', { x: { env: ['B=2'] } }));
  await assert.rejects(find(named('v.com/b=x')), {
    name: 'DeviceInjectionError',
    message: 'CDI device injection failed: unresolvable CDI devices v.com/b=x',
  });
  write('high/b.json', described('v.com/b', { x: { env: ['B=3'] } }));
  assert.deepEqual((await find(named('v.com/b=x')))?.env, ['B=3']);
});

test('a damaged file is told and stops nothing', async () => {
  const wrong = [
    '{',
    described('novendor', {}),
    described('v.com/d', { x: { netDevices: [{ hostInterfaceName: 'eth0', name: 'a/b' }] } }),
    described('v.com/d', { x: { nonsense: {} } }),
    described('v.com/d', { x: { deviceNodes: [{ path: 'relative' }] } }),
    described('v.com/d', { x: { hooks: [{ hookName: 'whenever', path: '/x' }] } }),
  ];
  wrong.forEach((document, index) => write(`high/wrong${index}.json`, document));
  damaged.length = 0;
  assert.deepEqual((await find(named('v.com/a=x')))?.env, ['ALL=1', 'X=1']);
  assert.equal(damaged.length, wrong.length);
});

test('a device that asks for a class of cache is refused by name when it is wished for', async () => {
  write('low/rdt.json', described('v.com/rdt', { x: { intelRdt: { closID: 'c' } }, y: { env: ['Y=1'] } }));
  await assert.rejects(find(named('v.com/rdt=x')), {
    name: 'DeviceEditNotBuiltError',
    message: 'CDI device injection failed: intelRdt of v.com/rdt=x is not built yet',
  });
  assert.deepEqual((await find(named('v.com/rdt=y')))?.env, ['Y=1']);
});

test('a wish that nothing serves is refused in Docker’s words', async () => {
  const gpu: DeviceWish = { driver: '', count: -1, deviceIds: [], capabilities: [['gpu', 'utility']] };
  await assert.rejects(find(gpu), {
    name: 'DeviceDriverMissingError',
    message: 'could not select device driver "" with capabilities: [[gpu utility]]',
  });
  await assert.rejects(find({ ...gpu, driver: 'other' }), /could not select device driver "other"/);
});

test('edits add to the spec, in the place of what it has by the same name', () => {
  const spec = {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 7, gid: 0, additionalGids: [1] },
      args: ['true'],
      env: ['A=1', 'B=1'],
      cwd: '/',
    },
    root: { path: '/rootfs' },
    mounts: [{ destination: '/proc' }],
    linux: { namespaces: [], resources: { devices: [{ allow: false, access: 'rwm' }] } },
  };
  const edited = applyEdits(spec, {
    env: ['B=2'],
    deviceNodes: [
      { path: '/dev/mine', hostPath: '/dev/null', access: 'r', fileMode: 0o600, uid: 5 },
      { path: '/dev/none', hostPath: '/nonesuch', access: 'rw', node: { type: 'b', major: 9, minor: 8 } },
      { path: '/dev/pipe', hostPath: '/nonesuch', access: 'rw', node: { type: 'p', major: 0, minor: 0 } },
    ],
    netDevices: [],
    intelRdt: false,
    mounts: [
      { destination: '/lib/vendor', source: '/lib', options: ['ro'] },
      { destination: '/proc', type: 'tmpfs' },
    ],
    hooks: [{ hookName: 'createContainer', path: '/bin/hook', args: ['hook'] }],
    additionalGids: [1, 7],
  });
  assert.deepEqual(edited.process.env, ['A=1', 'B=2']);
  assert.deepEqual(edited.process.user.additionalGids, [1, 7]);
  assert.deepEqual(
    edited.mounts.map(({ destination }) => destination),
    ['/lib/vendor', '/proc'],
  );
  assert.deepEqual(edited.hooks, { createContainer: [{ path: '/bin/hook', args: ['hook'] }] });
  assert.equal(edited.linux.devices?.[0]?.path, '/dev/mine');
  assert.deepEqual([edited.linux.devices?.[0]?.fileMode, edited.linux.devices?.[0]?.uid], [0o600, 5]);
  const [, described, pipe] = edited.linux.devices ?? [];
  assert.deepEqual(described, { type: 'b', path: '/dev/none', major: 9, minor: 8, uid: 7 });
  assert.equal(pipe?.type, 'p');
  assert.deepEqual(edited.linux.resources?.devices, [
    { allow: false, access: 'rwm' },
    { allow: true, type: 'c', major: 1, minor: 3, access: 'r' },
    { allow: true, type: 'b', major: 9, minor: 8, access: 'rw' },
  ]);
});
