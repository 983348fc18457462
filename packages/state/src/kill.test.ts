import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '@gantry/base';
import { runUntilKilled, temporaryRoot } from '@gantry/testkit';
import { openMetadataStore } from './open-metadata-store.ts';

const program = path.resolve(import.meta.dirname, '../testing/put-until-killed.ts');
const rounds = 50;

describe('a store whose process is killed', () => {
  it(`has every acknowledged change and no half transaction, ${rounds} times over`, async () => {
    await using root = await temporaryRoot('state');
    const file = path.join(root.path, 'state.db');
    let next = 1;
    for (let round = 0; round < rounds; round += 1) {
      const told = await runUntilKilled(program, [file, String(next)], 1 + ((round * 37) % 120));
      const acknowledged = Number(told.at(-1));
      checkStore(file, acknowledged);
      next = acknowledged + 2;
    }
  });
});

function checkStore(file: string, acknowledged: number): void {
  using store = openMetadataStore({
    path: file,
    logger: silentLogger,
    onDamage: (report) => assert.fail(JSON.stringify(report)),
  });
  const left = store.collection<{ number: number }>('left', { version: 1 });
  const right = store.collection<number>('right', { version: 1 });
  // The change after it may have been made, and the process killed before it could say so.
  const isNextMade = right.get(String(acknowledged + 1)) !== undefined;
  const isDeletedByNext = isNextMade && (acknowledged + 1) % 3 === 0;
  assert.equal(right.get(String(acknowledged)), isDeletedByNext ? undefined : acknowledged);
  assert.deepEqual(
    left.entries().map((entry) => [entry.key, entry.document.number]),
    right.entries().map((entry) => [entry.key, entry.document]),
  );
  if (acknowledged % 3 === 0) assert.equal(right.get(String(acknowledged - 1)), undefined);
}
