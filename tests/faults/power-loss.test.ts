import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import {
  checkEngine,
  commitContainer,
  createVolume,
  removeContainer,
  renameContainer,
  tagImage,
} from '@gantry/client';
import { loadBusybox, loadTricky } from '../support/busybox-image.ts';
import { type Death, killAtEveryPoint } from '../support/fault-walk.ts';
import { PowerDisk } from '../support/power-disk.ts';
import { WalkedContainers } from '../support/walked-containers.ts';

/** The power of the data root's disk is cut: what was not synced is lost, and so is all that is gone after a reboot. */
let walked: WalkedContainers;
let disk: PowerDisk;

before(async () => {
  walked = await WalkedContainers.start();
  const { daemon } = walked;
  await daemon.end('SIGTERM');
  disk = new PowerDisk(daemon.dataRoot);
  await daemon.restart();
  await loadBusybox(daemon);
});
after(async () => {
  await walked.daemon.end('SIGTERM');
  disk[Symbol.dispose]();
  // The engine that tidies up finds its first data root.
  await walked[Symbol.asyncDispose]();
});

async function loseEverythingUnsynced(): Promise<void> {
  const { daemon } = walked;
  disk.cut();
  await daemon.end('SIGKILL');
  rmSync(daemon.execRoot, { recursive: true });
  disk.restore();
}

test('a power loss at any step of create leaves the container whole or not at all', () => {
  const death: Death = { word: 'cut', operand: disk.place, complete: loseEverythingUnsynced };
  return killAtEveryPoint(walked.daemon, walked.creating(), death);
});

/** What was acknowledged right before the power was lost, and how it shows afterwards. */
const acknowledged: [name: string, operate: () => Promise<unknown>, verify: () => Promise<void>][] = [
  [
    'a load',
    () => {
      const content = Buffer.alloc(3_000_000, 'kept');
      return loadTricky(walked.daemon, 'power', { members: [{ name: 'large', content }] });
    },
    async () => assert.equal(await printed('tricky/power', 'grep -o kept /large | wc -l'), '750000'),
  ],
  [
    'a tag',
    () => tagImage(walked.daemon.api, 'tricky/power', 'tricky/tagged', 'latest'),
    async () => assert.equal(await printed('tricky/tagged', 'echo ran'), 'ran'),
  ],
  [
    'a create',
    () => walked.create('kept'),
    async () => assert.equal(await walked.statusOf('kept'), 'created'),
  ],
  [
    'a rename',
    () => renameContainer(walked.daemon.api, 'kept', 'renamed'),
    async () => assert.equal(await walked.statusOf('renamed'), 'created'),
  ],
  [
    'a commit',
    () => commitContainer(walked.daemon.api, 'renamed', { repository: 'tricky/committed', tag: 'latest' }),
    async () => assert.equal(await printed('tricky/committed', 'echo ran'), 'ran'),
  ],
  [
    'a remove',
    () => removeContainer(walked.daemon.api, 'renamed', { volumes: true }),
    async () => assert.equal(await walked.statusOf('renamed'), 'none'),
  ],
  [
    'a volume',
    () => createVolume(walked.daemon.api, { Name: 'kept', Labels: { of: 'mine' } }),
    async () => {
      assert.equal(await walked.daemon.ok('volume', 'inspect', '-f', '{{.Labels.of}}', 'kept'), 'mine');
      await walked.daemon.ok('volume', 'rm', 'kept');
    },
  ],
  [
    'a network',
    () => walked.daemon.ok('network', 'create', '--subnet', '10.231.77.0/24', 'kept'),
    async () => {
      const format = '{{(index .IPAM.Config 0).Subnet}}';
      assert.equal(await walked.daemon.ok('network', 'inspect', '-f', format, 'kept'), '10.231.77.0/24');
      await walked.daemon.ok('network', 'rm', 'kept');
    },
  ],
];

for (const [name, operate, verify] of acknowledged) {
  test(`${name} that was acknowledged outlives a power loss`, async () => {
    await operate();
    await loseEverythingUnsynced();
    await walked.daemon.restart();
    assert.deepEqual(await checkEngine(walked.daemon.api, { repair: false }), []);
    await verify();
  });
}

function printed(image: string, script: string): Promise<string> {
  return walked.daemon.ok('run', '--rm', '--network', 'none', image, 'sh', '-c', script);
}
