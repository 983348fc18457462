import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageManifestSummary, ImageSummary } from '@gantry/api-types';
import { printImageTree } from './image-tree.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

function manifest(letter: string, more: Partial<ImageManifestSummary>): ImageManifestSummary {
  return {
    ID: digest(letter),
    Descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digest(letter), size: 2 },
    Available: true,
    Size: { Content: 1000, Total: 3000 },
    Kind: 'unknown',
    ...more,
  };
}

const image: ImageSummary = {
  Id: digest('1'),
  ParentId: '',
  RepoTags: ['a:1'],
  RepoDigests: [],
  Created: 1,
  Size: 5000,
  SharedSize: -1,
  Labels: {},
  Containers: -1,
  Manifests: [
    manifest('2', { Kind: 'attestation', AttestationData: { For: digest('4') } }),
    manifest('3', {}),
    manifest('4', {
      Kind: 'image',
      ImageData: { Platform: { os: 'linux', architecture: 'amd64' }, Containers: [], Size: { Unpacked: 0 } },
    }),
  ],
};

function print(width: number): string[] {
  let text = '';
  printImageTree({ write: (part) => (text += String(part)), isTerminal: false }, [image], {
    all: false,
    width,
  });
  return text.split('\n').slice(3);
}

test('attestations and what is unknown come after the platforms of an image', () => {
  assert.deepEqual(print(80), [
    'IMAGE                           ID             DISK USAGE   CONTENT SIZE   EXTRA',
    'a:1                             111111111111          5kB            1kB        ',
    '├─ linux/amd64                  444444444444          3kB            1kB        ',
    '├─ attestation linux/amd64      222222222222          3kB            1kB        ',
    '└─ unknown                      333333333333          3kB            1kB        ',
    '',
    '',
  ]);
});

test('a narrow terminal gets the columns that have place', () => {
  const [heading = '', first = ''] = print(30);
  assert.match(heading, /^IMAGE +ID *$/);
  assert.match(first, /^a:1 +1{12}$/);
});
