import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { hostPlatform } from '@gantry/oci';
import { makeTestImage, temporaryRoot } from '@gantry/testkit';
import { DockerRegistry } from '../support/docker-registry.ts';
import { needsDocker28 } from '../support/docker-version.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const host = hostPlatform();
const own = `linux/${host.architecture}`;
const { archive } = makeTestImage({
  format: 'oci-layout',
  images: [
    {
      names: ['example.test/multi:1'],
      layers: [[{ name: 'b', content: 'b' }]],
      platforms: [host, { os: 'linux', architecture: 's390x' }, { os: 'linux', architecture: 'riscv64' }],
    },
  ],
});
const image = 'example.test/multi:1';
let daemon: TestDaemon;
let registry: DockerRegistry;

// dockerd 20.10 keeps one platform of an image.
const only = { skip: peer === undefined ? false : 'needs an engine that keeps several platforms' };

before(async () => {
  if (peer !== undefined) return;
  daemon = await TestDaemon.start();
  registry = await DockerRegistry.start(path.join(daemon.root, 'registry'), 5811);
});
after(async () => {
  if (peer !== undefined) return;
  await registry[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

for (const program of programs) {
  describe(`by ${program}`, only, () => {
    const skipped = needsDocker28(program);
    const ok = async (args: readonly string[], stdin?: Uint8Array): Promise<string> => {
      const result = await daemon[program](args, stdin === undefined ? {} : { stdin });
      assert.equal(result.exitCode, 0, `${args.join(' ')}: ${result.stderr}`);
      return result.stdout;
    };
    const platforms = async (): Promise<string[]> => {
      const tree = stripVTControlCharacters(await ok(['images', '--tree', image]));
      return [...tree.matchAll(/[├└]─ (\S+) +\S+ +(\S+)/g)]
        .filter(([, , size]) => size !== '0B')
        .map(([, platform = '']) => platform);
    };

    test('platforms of an image are listed, removed and loaded one by one', skipped, async () => {
      await ok(['load'], archive);
      assert.deepEqual(await platforms(), [own, 'linux/s390x', 'linux/riscv64']);
      const id = await ok(['image', 'inspect', '-f', '{{.Id}}', image]);
      assert.match(await ok(['rmi', '--platform', 'linux/s390x', image]), /^Deleted: sha256:[0-9a-f]{64}\n$/);
      assert.deepEqual(await platforms(), [own, 'linux/riscv64']);
      const gone = await daemon[program](['image', 'inspect', '--platform', 'linux/s390x', image]);
      assert.match(gone.stderr, /was found but does not provide the specified platform \(linux\/s390x\)/);
      assert.equal(
        await ok(['image', 'inspect', '-f', '{{.Architecture}}', '--platform', 'linux/riscv64', image]),
        'riscv64\n',
      );
      await ok(['load', '--platform', 'linux/s390x'], archive);
      assert.deepEqual(await platforms(), [own, 'linux/s390x', 'linux/riscv64']);
      assert.equal(await ok(['image', 'inspect', '-f', '{{.Id}}', image]), id);
      await ok(['rmi', image]);
    });

    test('a platform is saved, pushed and pulled alone', skipped, async () => {
      await using root = await temporaryRoot();
      await ok(['load'], archive);
      const file = path.join(root.path, 'one.tar');
      await ok(['save', '--platform', 'linux/s390x', '-o', file, image]);
      const name = `${registry.host}/${program}/multi:1`;
      await ok(['tag', image, name]);
      const pushed = await ok(['push', '--platform', 'linux/riscv64', name]);
      assert.match(pushed, /1: digest: sha256:/);
      await ok(['push', name]);
      await ok(['rmi', name, image]);
      await ok(['load', '-i', file]);
      assert.equal(await ok(['image', 'inspect', '-f', '{{.Architecture}}', image]), 's390x\n');
      await ok(['rmi', image]);
      await ok(['pull', '--platform', 'linux/riscv64', name]);
      await ok(['tag', name, image]);
      assert.deepEqual(await platforms(), ['linux/riscv64']);
      const elsewhere = `${registry.host}/${program}/one:1`;
      await ok(['tag', name, elsewhere]);
      assert.match(await ok(['push', elsewhere]), /only the available single-platform image was pushed/);
      await ok(['rmi', elsewhere]);
      await ok(['pull', name]);
      assert.deepEqual((await platforms()).sort(), [own, 'linux/riscv64'].sort());
      await ok(['rmi', name, image]);
    });
  });
}
