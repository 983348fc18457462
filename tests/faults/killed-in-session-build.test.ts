import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FakeRegistry } from '@gantry/distribution/testing';
import { loadBusybox } from '../support/busybox-image.ts';
import { killAtEveryPoint, startFaultyDaemon } from '../support/fault-walk.ts';
import { run } from '../support/processes.ts';
import type { TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;
let registry: FakeRegistry;
let directory: string;
let context: string;

before(async () => {
  daemon = await startFaultyDaemon();
  await loadBusybox(daemon);
  registry = await FakeRegistry.start();
  directory = mkdtempSync('/tmp/gantry-killed-session-');
  context = path.join(directory, 'context');
  mkdirSync(context);
  const dockerfile = 'FROM mirror/busybox\nCOPY file /copied\nRUN cat /copied > /all && touch -d @0 /all /\n';
  writeFileSync(path.join(context, 'Dockerfile'), dockerfile);
  writeFileSync(path.join(context, 'file'), 'copied\n');
});
after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await registry[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

const name = (): string => `${registry.host}/killed/session:one`;

/** To all that an output can be, with all that can be attested. */
async function build(): Promise<void> {
  const flags = '--progress plain --network none --provenance mode=max --sbom true'.split(' ');
  const outputs = [
    `type=image,name=${name()},push=true`,
    `type=oci,dest=${path.join(directory, 'out.tar')}`,
    `type=local,dest=${path.join(directory, 'out')}`,
  ];
  const { exitCode, stderr } = await daemon.gantry([
    'build',
    ...flags,
    '--build-arg',
    'SOURCE_DATE_EPOCH=1',
    ...outputs.flatMap((output) => ['--output', output]),
    context,
  ]);
  assert.equal(exitCode, 0, stderr);
}

async function forget(): Promise<void> {
  await daemon.gantry(['rmi', name()]);
  // An image whose attestations tell of another time has taken the name of the one before.
  await daemon.ok('image', 'prune', '-f');
  await daemon.ok('builder', 'prune', '-af');
  rmSync(path.join(directory, 'out'), { recursive: true, force: true });
  rmSync(path.join(directory, 'out.tar'), { force: true });
}

function storedFiles(): number {
  const count = (place: string): number => readdirSync(path.join(daemon.dataRoot, place)).length;
  return count('content/blobs/sha256') + count('snapshots/layers') + count('snapshots/writable');
}

/** The layers of the image: attestations tell the time. */
const layersOf = (): Promise<string> =>
  daemon.ok('image', 'inspect', '-f', '{{json .RootFS.Layers}}', name());

test('an engine killed at any step behind the last command of a session’s build leaves no half of a result', async () => {
  const filesBefore = storedFiles();
  await build();
  const layers = await layersOf();
  await forget();
  await killAtEveryPoint(daemon, {
    covers: ['build-output', 'build-attest', 'build-send'],
    // The walk over a build by the API dies at the others.
    among: ['build-attest', 'build-send'],
    prepare: forget,
    operate: build,
    verify: async (_, acknowledged) => {
      const archive = path.join(directory, 'out.tar');
      const list = await run('tar', ['-tf', archive]);
      // An archive is there when it is whole.
      assert.equal(list.exitCode === 0, readdirSync(directory).includes('out.tar'), list.stderr);
      if (acknowledged) assert.equal(await layersOf(), layers);
      await build();
      assert.equal(await layersOf(), layers);
      assert.equal(await daemon.ok('run', '--rm', '--network', 'none', name(), 'cat', '/all'), 'copied');
      await forget();
      assert.equal(storedFiles(), filesBefore);
    },
  });
});
