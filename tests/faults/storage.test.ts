import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeTestImage, type TarMember, temporaryRoot } from '@gantry/testkit';
import { busyboxImage, loadBusybox } from '../support/busybox-image.ts';
import { isAlive } from '../support/footprint.ts';
import { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const mebibyte = 1024 * 1024;
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

test('a disk that fills during load is told, keeps nothing, and what fits still loads and runs', async () => {
  await using root = await temporaryRoot();
  const small = path.join(root.path, 'small');
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', small]);
  try {
    await using full = await TestDaemon.start(['--data-root', path.join(small, 'data')]);
    await loadBusybox(full);
    const freeBlocks = statfsSync(small).bfree;
    const large = makeTestImage({
      format: 'docker-archive',
      images: [
        { names: ['too/large:1'], layers: [[{ name: 'noise', content: randomBytes(40 * mebibyte) }]] },
      ],
    });
    const refused = await full.docker(['load'], { stdin: large.archive });
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.stderr + refused.stdout, /no space left/i);
    assert.equal(await full.ok('images', '--format', '{{.Repository}}'), image);
    await until('the space is given back', () => statfsSync(small).bfree >= freeBlocks - 64);
    assert.equal(await full.ok('run', '--rm', image, 'echo', 'fits'), 'fits');
  } finally {
    execFileSync('umount', [small]);
  }
});

test('hostile archives are refused or contained, name what is wrong, and leave the host and the images alone', async () => {
  await using root = await temporaryRoot();
  const victim = path.join(root.path, 'victim');
  writeFileSync(victim, 'untouched');
  const images = await daemon.ok('images', '-aq', '--no-trunc');
  const layers: [string, TarMember[]][] = [
    ['climbing', [{ name: `../../../../../../../..${victim}`, content: 'x' }]],
    ['absolute', [{ name: victim, content: 'x' }]],
    [
      'through a link',
      [
        { name: 'l', type: 'symlink', linkName: root.path },
        { name: 'l/victim', content: 'x' },
      ],
    ],
    [
      'hard link',
      [
        { name: 'h', type: 'hard-link', linkName: victim },
        { name: 'h', content: 'x' },
      ],
    ],
    ['whiteout of ..', [{ name: 'a/.wh...', content: '' }]],
    ['lying size', [{ name: 'f', content: 'x', claimedSizeBytes: 2 ** 40 }]],
  ];
  for (const [what, members] of layers) {
    const { archive } = makeTestImage({
      format: 'oci-layout',
      images: [{ names: ['evil/layer:1'], layers: [members] }],
    });
    const loaded = await daemon.docker(['load'], { stdin: archive });
    if (loaded.exitCode === 0) await daemon.ok('rmi', '-f', 'evil/layer:1');
    else assert.match(loaded.stderr, /\w{3}/, what);
    assert.equal(readFileSync(victim, 'utf8'), 'untouched', what);
    assert.deepEqual(readdirSync(root.path), ['victim'], what);
  }
  assert.equal(await daemon.ok('images', '-aq', '--no-trunc'), images);
});

test('blobs that are not what their digest says, and manifests beyond all bounds, are refused by name', async () => {
  const images = await daemon.ok('images', '-aq', '--no-trunc');
  const source = { names: ['evil/blob:1'], layers: [[{ name: 'f', content: 'x'.repeat(1000) }]] };
  const flip = (members: TarMember[]): TarMember[] =>
    members.map((member) => {
      const content = Buffer.from((member.content as Buffer | undefined) ?? '');
      return content.includes('x'.repeat(100)) ? { ...member, content: content.fill('y', 600, 601) } : member;
    });
  const damaged = makeTestImage({ format: 'oci-layout', images: [source], edit: flip });
  const many = Array.from({ length: 10_000 }, (_, index) => `${index}/layer.tar`);
  const archives: [Uint8Array, RegExp][] = [
    [damaged.archive, /digest|sha256/],
    [
      makeTestImage({
        format: 'docker-archive',
        images: [source],
        edit: (members) =>
          members.map((member) => {
            if (String(member.name) !== 'manifest.json') return member;
            const [entry] = JSON.parse(Buffer.from(member.content as string).toString()) as [object];
            return { ...member, content: JSON.stringify([{ ...entry, Layers: many }]) };
          }),
      }).archive,
      /layers|10,?000/,
    ],
  ];
  for (const [archive, message] of archives) {
    const refused = await daemon.docker(['load'], { stdin: archive });
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.stderr, message);
  }
  assert.equal(await daemon.ok('images', '-aq', '--no-trunc'), images);
});

test('a store of which one page is damaged is worked around; what is whole goes on', async () => {
  await using victim = await TestDaemon.start();
  await loadBusybox(victim);
  const ids: string[] = [];
  for (let index = 0; index < 8; index += 1) ids.push(await victim.ok('run', '-d', image, 'sleep', '1000'));
  await victim.end('SIGTERM');
  const file = path.join(victim.dataRoot, 'metadata.db');
  const pages = statSync(file).size / 4096;
  const store = openSync(file, 'r+');
  writeSync(store, Buffer.alloc(4096, 'damaged!'), 0, 4096, Math.floor(pages / 2) * 4096);
  closeSync(store);
  await victim.restart();
  await loadBusybox(victim);
  const known = (await victim.ok('ps', '-aq', '--no-trunc')).split('\n').filter((id) => id !== '');
  assert.ok(known.every((id) => ids.includes(id)));
  if (known.length < ids.length) assert.match(victim.log, /damaged|lost|salvage/);
  for (const id of known) assert.equal(await victim.ok('inspect', '-f', '{{.State.Status}}', id), 'running');
  assert.equal(await victim.ok('run', '--rm', image, 'echo', 'works'), 'works');
});

test('containers whose records a wholly damaged store has lost are ended and told, not left behind', async () => {
  await using victim = await TestDaemon.start();
  await loadBusybox(victim);
  const id = await victim.ok('run', '-d', '-p', '127.0.0.1::80', image, 'sleep', '1000');
  const pid = Number(await victim.ok('inspect', '-f', '{{.State.Pid}}', id));
  await victim.end('SIGKILL');
  for (const name of ['metadata.db', 'metadata.db-wal']) {
    writeFileSync(path.join(victim.dataRoot, name), Buffer.alloc(65_536, 'damaged'));
  }
  await victim.restart();
  assert.match(victim.log, /damaged/);
  if ((await victim.ok('ps', '-aq')) === '') await until('its process has ended', () => !isAlive(pid));
  await loadBusybox(victim);
  assert.equal(await victim.ok('run', '--rm', busyboxImage, 'echo', 'works'), 'works');
});
