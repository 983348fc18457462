import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';
import { rootCheck } from './root-check.ts';

test('a root of its own namespace is in order', async () => {
  assert.deepEqual(await rootCheck().examine(), { state: 'ok', message: "the mount namespace's own" });
});

test('a chroot is warned of, be its directory a mount point or none', async () => {
  await using root = await temporaryRoot('chroot');
  await using leaks = await LeakCheck.begin({ tag: root.path, allow: (kind) => kind === 'descriptor' });
  for (const before of ['true', 'mount --bind "$1" "$1"']) {
    assert.match(examinedIn(root.path, before), /^warn this is a chroot: exec would enter the root of /);
  }
  await leaks.check();
});

/** What the check finds in a chroot to `directory`, which the host's programs are put into for the moment. */
function examinedIn(directory: string, before: string): string {
  const source = `
    import { rootCheck } from ${JSON.stringify(path.join(import.meta.dirname, 'root-check.ts'))};
    const { state, message } = await rootCheck().examine();
    console.log(state, message);
  `;
  const script = `${before}
    for place in /usr /bin /lib /lib64 /proc "$2"; do
      if [ -d "$place" ]; then mkdir -p "$1$place"; mount --rbind "$place" "$1$place"; fi
    done
    exec chroot "$1" "$3" --input-type=module-typescript --eval "$4"`;
  const operands = [directory, path.resolve(import.meta.dirname, '../../../..'), process.execPath, source];
  // In a mount namespace of its own, whose end takes the mounts with it.
  const words = ['--mount', '--propagation', 'private', 'sh', '-euc', script, 'sh', ...operands];
  return execFileSync('unshare', words).toString();
}
