import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { loadWarmChunk } from './warm-chunk.ts';

interface Chunk {
  answer(): string;
}

test('a chunk does the same with what earlier processes compiled of it, which is kept a few times', async () => {
  await using root = await temporaryRoot('warm-chunk');
  const { chunk, load, kept } = placesIn(root.path);
  writeFileSync(chunk, sourceThatAnswers('one'));
  const writings: bigint[] = [];
  for (let round = 0; round < 6; round += 1) {
    const { exports, keep } = load();
    assert.equal(exports.answer(), `one of ${chunk}`);
    if (round > 0) keep();
    writings.push(statSync(kept, { throwIfNoEntry: false, bigint: true })?.ctimeNs ?? 0n);
  }
  const [none, ...rest] = writings;
  assert.equal(none, 0n);
  assert.equal(new Set(rest).size, 4);
  assert.deepEqual(readdirSync(path.dirname(kept)), ['answers']);
});

test('nothing is taken that was made of another file, or that is damaged', async () => {
  await using root = await temporaryRoot('warm-chunk');
  const { chunk, load, kept } = placesIn(root.path);
  writeFileSync(chunk, sourceThatAnswers('one'));
  load().keep();
  writeFileSync(`${chunk}.new`, sourceThatAnswers('two'));
  renameSync(`${chunk}.new`, chunk);
  assert.equal(load().exports.answer(), `two of ${chunk}`);
  const { exports, keep } = load();
  exports.answer();
  keep();
  const content = readFileSync(kept);
  for (const damaged of [
    content.subarray(0, 20),
    content.subarray(0, content.length >> 1),
    Buffer.alloc(0),
  ]) {
    writeFileSync(kept, damaged);
    assert.equal(load().exports.answer(), `two of ${chunk}`);
  }
});

test('where nothing can be kept a chunk is loaded all the same', async () => {
  await using root = await temporaryRoot('warm-chunk');
  const { chunk } = placesIn(root.path);
  writeFileSync(chunk, sourceThatAnswers('one'));
  const { exports, keep } = loadWarmChunk<Chunk>(chunk, { name: 'answers', directories: [chunk] });
  keep();
  assert.equal(exports.answer(), `one of ${chunk}`);
});

function placesIn(root: string): {
  chunk: string;
  kept: string;
  load: () => ReturnType<typeof loadWarmChunk<Chunk>>;
} {
  const chunk = path.join(root, 'chunk.js');
  const directory = path.join(root, 'kept');
  return {
    chunk,
    kept: path.join(directory, 'answers'),
    load: () => loadWarmChunk<Chunk>(chunk, { name: 'answers', directories: [directory] }),
  };
}

function sourceThatAnswers(word: string): string {
  return `exports.answer = () => '${word} of ' + require('node:path').resolve(__filename);`;
}
