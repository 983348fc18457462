import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { listLinks, NetlinkSocket } from '@gantry/kernel';
import { openMetadataStore } from '@gantry/state';
import { NetworkHost } from '../testing/network-host.ts';
import { ask, serve } from '../testing/network-probe.ts';
import { onBridge } from '../testing/requests.ts';
import type { Attachment } from './network-controller.ts';

const script = path.join(import.meta.dirname, '..', 'testing', 'attach-until-killed.ts');

for (const when of ['before', 'after'] as const) {
  test(`an engine killed ${when} each change to its store leaves only what it had promised`, async () => {
    // Changes 0 to 4 name the networks, the host's IPv6 prefix and the bridge's address, 5 is the container that is kept, the others come and go.
    for (let change = 4; change < 11; change++) {
      await using host = new NetworkHost();
      const kept = await runUntil(host, { args: [when, String(change)] });
      assert.equal(kept !== undefined, change > 5, `kept at change ${change}`);
      await assertOnlyKept(host, kept);
    }
  });
}

test('an engine killed at any moment leaves only what it had promised', async () => {
  await using host = new NetworkHost();
  for (let round = 0; round < 10; round++) {
    const kept = await runUntil(host, { dots: round * 4 });
    assert.ok(kept);
    await assertOnlyKept(host, kept, { leave: round < 9 });
  }
});

/** Runs an engine until it kills itself, or prints so many dots and is killed. Resolves with the attachment it told. */
async function runUntil(
  host: NetworkHost,
  { args = [], dots = Infinity }: { args?: readonly string[]; dots?: number },
): Promise<Attachment | undefined> {
  const store = path.join(host.folder, 'state.db');
  const child = spawn(process.execPath, [script, store, host.folder, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    const [line, progress] = output.split('\n');
    if (line !== undefined && progress !== undefined && progress.length >= dots) child.kill('SIGKILL');
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  const [line = '', progress] = output.split('\n');
  return progress === undefined ? undefined : (JSON.parse(line) as Attachment);
}

async function assertOnlyKept(
  host: NetworkHost,
  kept: Attachment | undefined,
  { leave = false }: { leave?: boolean } = {},
): Promise<void> {
  using store = openMetadataStore({ path: path.join(host.folder, 'state.db'), logger: silentLogger });
  await using controller = await host.open({ store });
  await controller.restore(new Set(kept ? ['kept'] : []));
  const names = kept ? ['kept'] : [];
  assert.deepEqual(controller.attachment('kept'), kept);
  assert.equal(controller.network('bridge').endpoints.length, names.length);
  assert.deepEqual(readdirSync(path.join(host.folder, 'netns')), names);
  assert.equal(markedLinks(), names.length);
  const elements = execFileSync('nft', ['list', 'map', 'inet', 'gantry_test0', 'published4']).toString();
  assert.deepEqual(elements.match(/tcp \. \d+/g) ?? [], kept ? ['tcp . 8080'] : []);
  if (kept !== undefined) {
    using _server = serve(kept.namespacePath, 'tcp', 80);
    assert.equal(await ask({ address: '127.0.0.1', port: 8080 }), onBridge(kept).gateway);
  }
  if (!leave) await controller.restore(new Set());
}

/** Interfaces of endpoints. One whose namespace was just dropped is gone a moment later, or is deleted by `restore`. */
function markedLinks(): number {
  using socket = NetlinkSocket.open();
  return listLinks(socket).filter((link) => link.alias.startsWith('gantry:')).length;
}
