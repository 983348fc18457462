import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { run } from '../support/processes.ts';
import { peer, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const only = peer === undefined ? {} : { skip: 'dockerd has no such policy' };
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start(peer === undefined ? ['--publish-policy', 'host'] : []);
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

test(
  'with publish-policy host the input rules of the host decide who reaches a published port',
  only,
  async () => {
    await daemon.ok('network', 'create', 'front');
    const serving = ['-p', '80', image, 'httpd', '-f', '-h', '/etc'];
    const id = await daemon.ok('run', '-d', '--name', 'web', '--network', 'front', ...serving);
    const [hostPort = ''] = /\d+$/m.exec(await daemon.ok('port', 'web', '80')) ?? [];
    const gateway = `$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p')`;
    const asked = `wget -qO- http://${gateway}:${hostPort}/hostname 2>/dev/null || echo refused`;
    /** A container of another network asks the host: its packets come in like those of any machine. */
    const answer = (): Promise<string> => daemon.ok('run', '--rm', image, 'sh', '-c', asked);
    const hostname = id.slice(0, 12);
    assert.equal(await answer(), hostname);
    const table = `${daemon.bridge}_input`;
    const rule = `tcp dport ${hostPort} reject with tcp reset`;
    await nft(`table inet ${table} { chain input { type filter hook input priority filter; ${rule}; }; }`);
    try {
      assert.equal(await answer(), 'refused');
      const own = await fetch(`http://127.0.0.1:${hostPort}/hostname`);
      assert.equal((await own.text()).trim(), hostname);
      await daemon.end('SIGKILL');
      await daemon.restart(['--publish-policy', 'host']);
      assert.equal(await answer(), 'refused');
    } finally {
      await nft(`delete table inet ${table}`);
    }
    assert.equal(await answer(), hostname);
    await daemon.ok('rm', '-f', 'web');
    await daemon.ok('network', 'rm', 'front');
  },
);

async function nft(script: string): Promise<void> {
  const { exitCode, stderr } = await run('nft', ['-f', '-'], { stdin: `${script}\n` });
  assert.equal(exitCode, 0, stderr);
}
