import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { closeDescriptor, makePipe, resizePipe, writeDescriptor } from '@gantry/kernel';
import { Spool } from './spool.ts';

const megabyte = 1 << 20;

test('bytes are read at their position until they are released, across a restart', () => {
  using place = new Place();
  const spool = place.open();
  place.write('hello world');
  assert.equal(spool.fill(place.readEnd, megabyte), 11);
  assert.equal(spool.end, 11);
  assert.equal(text(spool.read(6, 100)), 'world');
  assert.equal(text(spool.read(0, 5)), 'hello');
  assert.equal(spool.read(11, 5), undefined);
  const next = place.open();
  assert.equal(next.end, 11);
  place.write('!');
  next.fill(place.readEnd, megabyte);
  assert.equal(text(next.read(6, 100)), 'world!');
});

test('released files go, the position stays, and little is kept', () => {
  using place = new Place();
  const spool = place.open();
  for (let round = 0; round < 5; round += 1) {
    place.write('x'.repeat(megabyte));
    while (spool.end < (round + 1) * megabyte) spool.fill(place.readEnd, megabyte);
  }
  assert.equal(spool.start, 0);
  spool.release(3 * megabyte - 1);
  assert.equal(spool.start, 2 * megabyte);
  spool.release(5 * megabyte);
  assert.equal(spool.start, 5 * megabyte);
  assert.deepEqual(place.files(), [`out.${5 * megabyte}`]);
  assert.equal(place.open().end, 5 * megabyte);
});

test('a read never crosses a file, and goes on in the next', () => {
  using place = new Place();
  const spool = place.open();
  place.write('a'.repeat(megabyte));
  while (spool.end < megabyte) spool.fill(place.readEnd, megabyte);
  place.write('b');
  spool.fill(place.readEnd, megabyte);
  assert.equal(spool.read(megabyte - 10, 100)?.length, 10);
  assert.equal(text(spool.read(megabyte, 100)), 'b');
  assert.equal(place.files().length, 2);
});

test('an empty pipe has to be waited for, and one without writers has ended', () => {
  using place = new Place();
  const spool = place.open();
  assert.equal(spool.fill(place.readEnd, 10), 'would-block');
  place.closeWriter();
  assert.equal(spool.fill(place.readEnd, 10), 0);
});

/** A folder and a pipe of the test's own. */
class Place implements Disposable {
  readonly readEnd: number;
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'gantry-spool-'));
  readonly #writeEnd: number;
  readonly #open: Spool[] = [];
  #writerOpen = true;

  constructor() {
    const { readEnd, writeEnd } = makePipe();
    resizePipe(readEnd, megabyte);
    this.readEnd = readEnd;
    this.#writeEnd = writeEnd;
  }

  open(): Spool {
    const spool = new Spool(this.#directory, 'out');
    this.#open.push(spool);
    return spool;
  }

  write(data: string): void {
    assert.equal(writeDescriptor(this.#writeEnd, Buffer.from(data)), data.length);
  }

  closeWriter(): void {
    closeDescriptor(this.#writeEnd);
    this.#writerOpen = false;
  }

  files(): string[] {
    return readdirSync(this.#directory).sort();
  }

  [Symbol.dispose](): void {
    for (const spool of this.#open) spool[Symbol.dispose]();
    closeDescriptor(this.readEnd);
    if (this.#writerOpen) closeDescriptor(this.#writeEnd);
    rmSync(this.#directory, { recursive: true });
  }
}

function text(data: Uint8Array | undefined): string {
  return data === undefined ? '' : Buffer.from(data).toString();
}
