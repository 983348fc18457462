import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { mount, umount } from '@gantry/kernel';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';
import { digestOf, problemOf, pushBlob, pushImage, startTestRegistry } from '../../testing/index.ts';

test('a registry on a full disk refuses the upload, keeps and serves what it has, and goes on when there is room', async () => {
  assert.equal(process.getuid?.(), 0);
  await using root = await temporaryRoot('registry');
  await using _leaks = await LeakCheck.begin({ tag: root.path });
  const disk = path.join(root.path, 'disk');
  await mkdir(disk);
  mount({ source: 'tmpfs', target: disk, type: 'tmpfs', data: 'size=8m' });
  try {
    await using registry = await startTestRegistry({ storage: { directory: disk, logger: silentLogger } });
    const image = await pushImage(registry, 'team/app', { tag: 'v1' });
    const large = Buffer.alloc(10 << 20, 7);
    const begun = await registry.ask('/v2/team/app/blobs/uploads/', { method: 'POST' });
    const location = begun.headers.get('location') ?? '';
    const patched = await registry.ask(location, { method: 'PATCH', body: large });
    assert.deepEqual(await problemOf(patched), [507, 'UNKNOWN']);
    assert.equal(await (await registry.ask('/v2/team/app/manifests/v1')).text(), image.text);
    assert.equal((await registry.ask(location, { method: 'DELETE' })).status, 204);
    assert.deepEqual(await readdir(path.join(disk, 'content/partial')), []);
    const whole = await registry.ask(`/v2/team/app/blobs/uploads/?digest=${digestOf(large)}`, {
      method: 'POST',
      body: large,
    });
    assert.equal(whole.status, 507);
    await registry.storage.uploads.expire(new Date(Date.now() + 60_000));
    await pushBlob(registry, 'team/app', Buffer.alloc(2 << 20, 1));

    await writeFile(path.join(disk, 'ballast'), Buffer.alloc(16 << 20)).catch(() => {});
    const small = await registry.ask(`/v2/team/app/blobs/uploads/?digest=${digestOf('small')}`, {
      method: 'POST',
      body: 'small',
    });
    assert.equal(small.status, 507);
    assert.equal(await (await registry.ask('/v2/team/app/manifests/v1')).text(), image.text);
    await rm(path.join(disk, 'ballast'));
    await pushImage(registry, 'team/app', { tag: 'v2' });
  } finally {
    await umount(disk);
  }
});
