import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { openRealImageStore } from '../../testing/index.ts';

/** In a network namespace without any way out. */
test('a mirror that cannot be reached is told in a few words of apt, and nothing is left', async () => {
  await using root = await temporaryRoot('images');
  const aptDirectory = path.join(root.path, 'apt');
  mkdirSync(aptDirectory);
  writeFileSync(
    path.join(aptDirectory, 'sources.list'),
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://127.0.0.1:9/debian bookworm main\n',
  );
  await using images = await openRealImageStore(root.path, { hostPaths: { aptDirectory } });
  await assert.rejects(images.store.pull('mirror/debian:bookworm', { onProgress: () => {} }), {
    kind: 'unavailable',
    message:
      /^cannot make mirror\/debian:bookworm: W: Failed to fetch http:\/\/127\.0\.0\.1:9\/\S+ {2}[^;]*connect[^;]*$/,
  });
  assert.deepEqual(readdirSync(images.workDirectory), []);
});
