import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type BuildOutput, readBuildOutput } from '@gantry/builder';
import { FakeBuildClient } from '@gantry/builder/testing';
import { type Engine, from, openEngine, type Recipe, scratch } from '@gantry/engine';
import { parsePlatform } from '@gantry/oci';
import { type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { busyboxArchive } from '../support/busybox-image.ts';

const host = parsePlatform('linux/amd64');
const foreign = parsePlatform('linux/s390x');

interface Opened extends AsyncDisposable {
  engine: Engine;
  root: TemporaryRoot;
}

let engines = 0;

/** An engine in this process, with busybox. */
async function open(): Promise<Opened> {
  await using opened = new AsyncDisposableStack();
  const root = opened.use(await temporaryRoot('outputs'));
  const engine = opened.use(
    await openEngine({
      dataRoot: path.join(root.path, 'data'),
      execRoot: path.join(root.path, 'run'),
      bridge: `go${process.pid % 100_000}x${engines++}`,
      cgroupParent: `/${path.basename(root.path)}`,
    }),
  );
  await engine.images.load(single(await busyboxArchive()), { onProgress: () => {}, quiet: true });
  const owned = opened.move();
  return { engine, root, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const output = (type: string, attributes: Readonly<Record<string, string>> = {}): BuildOutput =>
  readBuildOutput({ type, attributes: new Map(Object.entries(attributes)), id: 'out' });

function filesIn(archive: Uint8Array, ...args: string[]): string {
  return execFileSync('tar', [...args, '-f', '-'], { input: archive, maxBuffer: 2 ** 28 }).toString();
}

test('two builds from scratch are the same to the bit where all times are those of SOURCE_DATE_EPOCH', async () => {
  const digests: (string | undefined)[] = [];
  for (let round = 0; round < 2; round++) {
    await using opened = await open();
    const context = path.join(opened.root.path, 'context');
    mkdirSync(context);
    writeFileSync(path.join(context, 'file'), 'text\n');
    const recipe = scratch()
      .copy('/', '/', { from: from('mirror/busybox') })
      .workdir('/made/here')
      .copy('file', '/deep/er/')
      .run('echo made > text; mkdir empty; ln -s text link', { network: 'none' });
    const { metadata } = await opened.engine.build(recipe, {
      context,
      sourceDateEpoch: 1_000_000_000,
      outputs: [output('image', { name: 'same', 'rewrite-timestamp': 'true', compression: 'gzip' })],
    });
    digests.push(metadata['containerimage.digest']);
    const { stdout } = await opened.engine.run('same', [
      'sh',
      '-c',
      'stat -c %Y /made/here/text /deep/er/file',
    ]);
    assert.equal(stdout, '1000000000\n1000000000\n');
    const { Created } = await opened.engine.images.inspect('same');
    assert.equal(Created, '2001-09-09T01:46:40.000Z');
  }
  assert.match(digests[0] ?? '', /^sha256:/);
  assert.equal(digests[0], digests[1]);
});

test('an image for several platforms is an index; what runs is built natively, and what cannot run says what is missing', async () => {
  await using opened = await open();
  const { engine } = opened;
  const native = from('mirror/busybox', { platform: host });
  const recipe = scratch().copy('/bin/busybox', '/bin/', { from: native.run('true', { network: 'none' }) });
  const { id, metadata } = await engine.build(recipe, { platforms: [host, foreign], tags: ['multi'] });
  assert.equal(metadata['containerimage.digest'], id);
  const { Manifests } = await engine.images.inspect('multi', { manifests: true });
  assert.deepEqual(
    Manifests?.map(({ ImageData }) => ImageData?.Platform.architecture),
    ['amd64', 's390x'],
  );
  await assert.rejects(
    engine.build(from('multi', { platform: foreign }).run(['/bin/busybox'], { network: 'none' })),
    { code: 'build-emulator-missing', message: /linux\/s390x.*qemu-user-static/ },
  );
});

test('a client gets archives and files, with what is attested where that has a place', async () => {
  await using opened = await open();
  const { engine } = opened;
  const build = async (outputs: readonly BuildOutput[], recipe: Recipe = small): Promise<FakeBuildClient> => {
    const client = new FakeBuildClient();
    const common = { builderId: '', reproducible: false, inlineOnly: false };
    await engine.build(recipe, {
      client,
      outputs,
      attestations: { provenance: { ...common, mode: 'max', version: 'v1' }, sbom: { inlineOnly: false } },
    });
    return client;
  };
  const small = scratch().copy('/bin/busybox', '/bin/', { from: from('mirror/busybox') });
  const oci = (await build([output('oci', { name: 'a:1' })])).archives.get('out') ?? assert.fail();
  const layout = JSON.parse(filesIn(oci, '-xO', 'index.json')) as { manifests: { digest: string }[] };
  assert.ok(!filesIn(oci, '-t').includes('manifest.json\n'));
  const blob = (digest: string): unknown =>
    JSON.parse(filesIn(oci, '-xO', `blobs/${digest.replace(':', '/')}`));
  const { manifests } = blob(layout.manifests[0]?.digest ?? '') as {
    manifests: { digest: string; annotations?: Record<string, string> }[];
  };
  assert.equal(manifests[1]?.annotations?.['vnd.docker.reference.digest'], manifests[0]?.digest);
  const { layers } = blob(manifests[1]?.digest ?? '') as { layers: { digest: string }[] };
  const [provenance, sbom] = layers.map(({ digest }) => blob(digest)) as {
    predicateType: string;
    predicate: { buildDefinition: { resolvedDependencies: { uri: string }[] } };
  }[];
  assert.equal(provenance?.predicateType, 'https://slsa.dev/provenance/v1');
  assert.match(
    provenance.predicate.buildDefinition.resolvedDependencies[0]?.uri ?? '',
    /^pkg:docker\/mirror\/busybox@latest\?platform=linux%2F/,
  );
  assert.equal(sbom?.predicateType, 'https://spdx.dev/Document');
  const docker = (await build([output('docker', { name: 'a:1' })])).archives.get('out') ?? assert.fail();
  assert.match(filesIn(docker, '-xO', 'manifest.json'), /"RepoTags":\["a:1"\]/);
  assert.equal(
    filesIn((await build([output('tar')])).archives.get('out') ?? assert.fail(), '-t'),
    'bin/\nbin/busybox\nprovenance.json\nsbom.spdx.json\n',
  );
  const local = (await build([output('local')])).received.get('out') ?? assert.fail();
  assert.deepEqual([...local.keys()], ['bin', 'bin/busybox', 'provenance.json', 'sbom.spdx.json']);
  assert.ok((local.get('bin/busybox')?.content.length ?? 0) > 100_000);
  await assert.rejects(engine.build(small, { outputs: [output('local')] }), { code: 'build-invalid' });
});
