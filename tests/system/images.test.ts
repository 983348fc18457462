import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { temporaryRoot } from '@gantry/testkit';
import { busyboxArchive, loadBusybox } from '../support/busybox-image.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
/** dockerd 20.10 reads no zstd. */
const compressions = [
  (archive: Buffer) => archive,
  gzipSync,
  ...(peer === undefined ? [zstdCompressSync] : []),
];
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

for (const program of programs) {
  describe(`${program} image`, () => {
    test('save and load give the same image, in one file or through a pipe', async () => {
      await using root = await temporaryRoot();
      const id = (await daemon[program](['inspect', '-f', '{{.Id}}', image])).stdout;
      const file = `${root.path}/image.tar`;
      assert.equal((await daemon[program](['save', '-o', file, image])).exitCode, 0);
      for (const compress of compressions) {
        assert.equal((await daemon[program](['rmi', image])).exitCode, 0);
        const loaded = await daemon[program](['load'], {
          stdin: compress(readFileSync(file)),
        });
        assert.match(loaded.stdout, /Loaded image: mirror\/busybox:latest/, loaded.stderr);
        assert.equal((await daemon[program](['inspect', '-f', '{{.Id}}', image])).stdout, id);
      }
      assert.equal((await daemon[program](['run', '--rm', image, 'echo', 'works'])).stdout, 'works\n');
    });

    test('tag gives a second name, and rmi takes names before it takes the image', async () => {
      await daemon[program](['tag', image, 'example/second:1.0']);
      const refused = await daemon[program]([
        'rmi',
        (await daemon[program](['images', '-q', image])).stdout.trim(),
      ]);
      assert.match(refused.stderr, /image is referenced in multiple repositories/);
      const untagged = await daemon[program](['rmi', 'example/second:1.0']);
      assert.equal(untagged.stdout, 'Untagged: example/second:1.0\n');
      assert.equal((await daemon[program](['images', '-q', image])).stdout.trim().length, 12);
    });

    test('rmi refuses an image that a container uses', async () => {
      await daemon[program](['create', '--name', `user-${program}`, image]);
      const refused = await daemon[program](['rmi', image]);
      assert.match(
        refused.stderr,
        /unable to remove repository reference "mirror\/busybox" \(must force\) - container [0-9a-f]{12} is using its referenced image/,
      );
      await daemon[program](['rm', `user-${program}`]);
    });

    test('import makes an image of a root file system, with changes', async () => {
      await using root = await temporaryRoot();
      const created = await daemon[program](['create', image]);
      writeFileSync(`${root.path}/hello`, 'hi');
      const tar = execFileSync('tar', ['-C', root.path, '-cf', '-', 'hello']);
      const imported = await daemon[program](
        ['import', '-c', 'ENV A=b', '-c', 'CMD ["/hello"]', '-m', 'why', '-', `imported:${program}`],
        { stdin: tar },
      );
      assert.match(imported.stdout, /^sha256:[0-9a-f]{64}\n$/);
      const config = await daemon[program]([
        'inspect',
        '-f',
        '{{json .Config.Env}} {{json .Config.Cmd}} {{.Comment}}',
        `imported:${program}`,
      ]);
      assert.match(config.stdout, /"A=b".*\["\/hello"\] why/);
      const history = await daemon[program](['history', '--no-trunc', `imported:${program}`]);
      assert.match(history.stdout, /why/);
      await daemon[program](['rmi', `imported:${program}`]);
      await daemon[program](['rm', created.stdout.trim()]);
    });

    test('a name that is unknown or malformed is refused with Docker’s words', async () => {
      const unknown = await daemon[program](['inspect', '--type', 'image', 'nothing/here:1']);
      assert.match(unknown.stderr, /No such image: nothing\/here:1/);
      const malformed = await daemon[program](['tag', image, 'upper/Case']);
      assert.match(malformed.stderr, /must be lowercase|invalid reference format/);
    });

    test('a truncated or foreign archive is refused and leaves nothing', async () => {
      const before = (await daemon[program](['images', '-aq'])).stdout;
      const archive = await busyboxArchive();
      const truncated = await daemon[program](['load'], { stdin: archive.subarray(0, archive.length / 2) });
      assert.notEqual(truncated.exitCode, 0);
      const foreign = await daemon[program](['load'], { stdin: 'this is no archive' });
      assert.notEqual(foreign.exitCode, 0);
      assert.equal((await daemon[program](['images', '-aq'])).stdout, before);
    });
  });
}
