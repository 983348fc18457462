import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { copyTree } from './copy-tree.ts';
import { Directory } from './directory.ts';
import { statPath } from './file-stat.ts';
import { getXattr, listXattrs, setXattr } from './xattrs.ts';

let base: string;

beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'gantry-copy-tree-'));
  mkdirSync(path.join(base, 'from'));
  mkdirSync(path.join(base, 'to'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const from = (name: string): string => path.join(base, 'from', name);
const to = (name: string): string => path.join(base, 'to', name);

async function copy(): Promise<void> {
  using source = Directory.openPath(path.join(base, 'from'));
  using target = Directory.openPath(path.join(base, 'to'));
  await copyTree(source, target);
}

function shell(script: string): void {
  execFileSync('sh', ['-euc', script], { cwd: path.join(base, 'from') });
}

test('owners, modes, times, links, devices and FIFOs are kept', async () => {
  shell(`
    umask 0; mkdir -p d/e; echo hi >d/file; ln d/file d/e/hard; ln -s ../nowhere d/soft; mknod d/dev c 300 70000
    mkfifo d/fifo; chown 1234:4321 d/file d/dev; chown -h 5:6 d/soft; chmod 6755 d/file; chmod 1777 d/e
    touch -h -d '2001-02-03 04:05:06.789012345' d/file d/soft d/fifo; touch -d '1969-12-31 23:59:58.5 UTC' d/e
    touch -d '2010-01-01 00:00:00.000000001' d; chmod 2751 .`);
  await copy();
  for (const name of ['d', 'd/e', 'd/e/hard', 'd/file', 'd/soft', 'd/dev', 'd/fifo', '.']) {
    const [a, b] = [statPath(from(name)), statPath(to(name))];
    for (const field of ['kind', 'mode', 'uid', 'gid', 'modifiedNs', 'target', 'links'] as const)
      assert.deepEqual(b[field], a[field], `${name} ${field}`);
  }
  assert.equal(statPath(to('d/file')).modifiedNs % 1_000_000_000n, 789012345n);
  assert.equal(statPath(to('d/file')).inode, statPath(to('d/e/hard')).inode);
  assert.deepEqual(statPath(to('d/dev')).target, { major: 300, minor: 70000 });
});

test('xattrs are kept, capabilities too, and overlay marks are not', async () => {
  writeFileSync(from('file'), 'x');
  shell('chown 1000 file; setcap cap_net_raw+ep file 2>/dev/null || true');
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
  setXattr(from('file'), 'security.capability', capability);
  setXattr(from('file'), 'user.binary', Uint8Array.of(0, 255, 0));
  mkdirSync(from('dir'));
  setXattr(from('dir'), 'trusted.overlay.opaque', Buffer.from('y'));
  setXattr(from('dir'), 'trusted.other', new Uint8Array(1000).fill(7));
  await copy();
  assert.deepEqual(Buffer.from(getXattr(to('file'), 'security.capability') ?? []), capability);
  assert.deepEqual([...(getXattr(to('file'), 'user.binary') ?? [])], [0, 255, 0]);
  assert.deepEqual(listXattrs(to('dir')), ['trusted.other']);
  assert.equal(getXattr(to('dir'), 'trusted.other')?.length, 1000);
});

test('holes stay holes', async () => {
  shell('truncate -s 64M sparse; printf data | dd of=sparse bs=1 seek=33554432 conv=notrunc status=none');
  await copy();
  const copied = statPath(to('sparse'));
  assert.equal(copied.sizeBytes, 2 ** 26);
  assert.ok(copied.allocatedBytes < 2 ** 20, `${copied.allocatedBytes}`);
  execFileSync('cmp', [from('sparse'), to('sparse')]);
});

test('names that are not UTF-8 are kept', async () => {
  shell("printf x >$(printf 'a\\377b'); printf y >\"$(printf 'new\\nline')\"");
  await copy();
  const names = (folder: string): string[] =>
    readdirSync(folder, { encoding: 'buffer' })
      .map((name) => name.toString('hex'))
      .sort();
  assert.deepEqual(names(to('')), names(from('')));
});

test('what exists in the target is not overwritten', async () => {
  writeFileSync(from('a'), '1');
  writeFileSync(to('a'), '2');
  await assert.rejects(copy(), /EEXIST/);
});

test('an abort ends the copy and no descriptor is left', async () => {
  shell('for i in $(seq 300); do head -c 200000 /dev/zero >f$i; done');
  const before = readdirSync('/proc/self/fd').length;
  using source = Directory.openPath(path.join(base, 'from'));
  using target = Directory.openPath(path.join(base, 'to'));
  await assert.rejects(copyTree(source, target, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.equal(readdirSync('/proc/self/fd').length, before + 2);
});
