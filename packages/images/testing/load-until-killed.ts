/**
 * A program of its own: loads the archive `argv[3]` into the store under `argv[2]`, a word on standard output for every
 * step that is done; then, told by a line on standard input, removes it. Who started it kills it in the middle.
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { silentLogger } from '@gantry/base';
import { type BlobStore, FileBlobStore } from '@gantry/content';
import { openSnapshotter, type Snapshotter } from '@gantry/snapshots';
import { openMetadataStore } from '@gantry/state';
import { LocalImageStore } from '../src/index.ts';
import { noRegistries } from './no-registries.ts';

const [, , root = '', archive = ''] = process.argv;
const logger = silentLogger;
const say = (word: string): void => void process.stdout.write(`${word}\n`);

const content: BlobStore = await FileBlobStore.open({ directory: path.join(root, 'content'), logger });
const ingest = content.ingest.bind(content);
content.ingest = async (source, expected) => {
  say('ingesting');
  const info = await ingest(source, expected);
  say('ingested');
  return info;
};
const snapshots: Snapshotter & AsyncDisposable = await openSnapshotter({
  root: path.join(root, 'snapshots'),
  logger,
});
const unpackLayer = snapshots.unpackLayer.bind(snapshots);
snapshots.unpackLayer = async (layer) => {
  say('unpacking');
  const info = await unpackLayer(layer);
  say('unpacked');
  return info;
};
const state = openMetadataStore({ path: path.join(root, 'state.db'), logger });
const store = new LocalImageStore({ content, snapshots, state, registries: noRegistries, logger });
await store.load(createReadStream(archive), { onProgress: ({ stream }) => stream && say('loaded') });
await once(process.stdin, 'data');
await store.remove('x:1', { force: false, prune: true });
say('removed');
await snapshots[Symbol.asyncDispose]();
process.stdin.destroy();
