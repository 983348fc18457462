import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { bindMount, umount } from '@gantry/kernel';
import { BridgeLab } from '../../testing/bridge-lab.ts';

test('the rules name no protocol that only the files of netbase tell', async () => {
  await using hidden = new AsyncDisposableStack();
  for (const file of ['/etc/protocols', '/etc/services'].filter((name) => existsSync(name))) {
    bindMount('/dev/null', file);
    hidden.defer(async () => void (await umount(file)));
  }
  for (const policy of ['open', 'host'] as const) {
    await using lab = new BridgeLab(policy);
    await lab.firewall.reset([], []);
    await lab.addNetwork(1);
  }
});
