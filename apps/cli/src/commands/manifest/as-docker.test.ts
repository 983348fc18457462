import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { FakeRegistry, putDocument, putImage } from '@gantry/distribution/testing';
import { type ProgramResult, runDocker, runGantry } from '../../../testing/run-program.ts';

const old = process.env['GANTRY_OLD_DOCKER'];
const skip = old !== undefined && `needs the docker CLI 28, here is ${old}`;
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const root = mkdtempSync(path.join(tmpdir(), 'gantry-manifest-'));
let registry: FakeRegistry;
let homes = 0;

before(async () => {
  registry = await FakeRegistry.start();
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  registry.manifests.clear();
  const layers = [{ tar: Buffer.alloc(1024) }];
  const put = (tag: string, platform: { os: string; architecture: string; variant?: string }): object =>
    putImage(registry, { repository: 'team/app', layers, platform, tag });
  const children = [
    {
      ...put('amd64', { os: 'linux', architecture: 'amd64' }),
      platform: { architecture: 'amd64', os: 'linux' },
    },
    {
      ...put('arm', { os: 'linux', architecture: 'arm', variant: 'v7' }),
      platform: { architecture: 'arm', os: 'linux', variant: 'v7' },
    },
  ];
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const index = { schemaVersion: 2, mediaType, manifests: children };
  putDocument(registry, { repository: 'team/app', document: index, tag: 'all' });
  const more = { mediaType: dockerManifest };
  putImage(registry, {
    repository: 'team/other',
    layers: [{ tar: Buffer.alloc(2048), mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' }],
    platform: { os: 'linux', architecture: 's390x' },
    tag: 'docker',
    more,
  });
});

/** What is done one after the other; `R` stands for the registry. */
const stories: Readonly<Record<string, readonly string[]>> = {
  'inspecting what a registry has': [
    'inspect R/team/app:amd64',
    'inspect -v R/team/app:amd64',
    'inspect R/team/app:all',
    'inspect -v R/team/app:all',
    'inspect R/team/other:docker',
    'inspect -v R/team/other:docker',
    'inspect R/team/app:amd64 R/team/app:arm',
    'inspect a/Upper',
  ],
  'making a list, and sending it': [
    'create R/team/app:mine R/team/app:amd64 R/team/app:arm',
    'create R/team/app:mine R/team/app:amd64',
    'create -a R/team/app:mine R/team/app:amd64',
    'inspect R/team/app:mine',
    'inspect -v R/team/app:mine',
    'inspect R/team/app:mine R/team/app:arm',
    'push R/team/app:mine',
    'push -p R/team/app:mine',
    'push R/team/app:mine',
  ],
  'annotating a list': [
    'create R/team/app:mine R/team/app:amd64 R/team/app:arm',
    'annotate R/team/app:mine R/team/app:arm --arch arm64 --variant v8 --os-version 10.1 --os-features a,b',
    'annotate R/team/app:mine R/team/app:arm --os-features b,c --os darwin',
    'inspect R/team/app:mine',
    'annotate R/team/app:mine R/team/app:arm --arch z80',
    'annotate R/team/app:mine R/team/app:none --arch arm64',
    'annotate R/team/app:gone R/team/app:arm --arch arm64',
    'annotate R/Upper R/team/app:arm --arch arm64',
  ],
  'a list of images of other repositories': [
    'create R/team/new R/team/app:amd64 R/team/other:docker',
    'inspect R/team/new',
    'push R/team/new',
  ],
  'a list of Docker’s own images first': [
    'create R/team/other:list R/team/other:docker',
    'push R/team/other:list',
    'inspect R/team/other:list',
  ],
  'what does not work': [
    'create R/team/app:mine R/team/app:all',
    'create R/team/app:mine',
    'create Upper R/team/app:arm',
    'push R/team/app:none',
    'rm R/team/app:none',
    'rm',
  ],
  'removing lists': [
    'create R/team/app:a R/team/app:amd64',
    'create R/team/app:b R/team/app:amd64',
    'rm R/team/app:a R/team/app:none R/team/app:b',
  ],
};

describe('gantry manifest prints, keeps, sends and ends as docker manifest does:', { skip }, () => {
  for (const [title, lines] of Object.entries(stories)) {
    test(title, async () => {
      const before = [...registry.manifests];
      const docker = await tell(runDocker, lines);
      registry.manifests.clear();
      for (const [key, manifest] of before) registry.manifests.set(key, manifest);
      assert.deepEqual(await tell(runGantry, lines), docker);
    });
  }
});

test('what a registry has not is told by its name', async () => {
  const name = `${registry.host}/team/app:none`;
  const expected = { code: 1, stdout: '', stderr: `no such manifest: ${name}\n` };
  const environment = { DOCKER_CONFIG: path.join(root, 'none') };
  assert.deepEqual(await runGantry(['manifest', 'inspect', name], { environment }), expected);
  assert.deepEqual(await runGantry(['manifest', 'create', 'x', name], { environment }), expected);
});

async function tell(run: typeof runDocker, lines: readonly string[]): Promise<unknown[]> {
  const home = path.join(root, String((homes += 1)));
  const told: unknown[] = [];
  for (const line of lines) {
    const [verb = '', ...words] = line.replaceAll('R/', `${registry.host}/`).split(' ');
    // docker speaks to the loopback without TLS only when it is told so.
    const args = [verb, ...(/inspect|create|push/.test(verb) ? ['--insecure'] : []), ...words];
    const result = await run(['manifest', ...args], {
      environment: { DOCKER_CONFIG: home, DOCKER_HOST: 'unix:///nonexistent' },
    });
    told.push([line, inOurWords(result), stored(home)]);
  }
  const pushed = [...registry.manifests].map(([key, { mediaType, bytes }]) => [
    key,
    mediaType,
    Buffer.from(bytes).toString(),
  ]);
  return [...told, pushed.sort(([left = ''], [right = '']) => (left < right ? -1 : 1))];
}

function inOurWords({ code, stdout, stderr }: ProgramResult): object {
  return {
    code,
    stdout,
    stderr: stderr
      .replaceAll(/\bdocker (?=manifest|:)/g, 'gantry ')
      .replaceAll('docker:', 'gantry:')
      .replace(/^See '(.*)$/m, "Run '$1"),
  };
}

/** The local lists. */
function stored(home: string): unknown[] {
  const directory = path.join(home, 'manifests');
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => path.join(directory, name))
      .map((file) => [
        path.relative(directory, file),
        statSync(file).isDirectory() ? '' : (JSON.parse(readFileSync(file, 'utf8')) as unknown),
      ]);
  } catch {
    return [];
  }
}
