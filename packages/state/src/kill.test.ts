import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '@gantry/base';
import { temporaryRoot } from '@gantry/testkit';
import { openMetadataStore } from './open-metadata-store.ts';

const program = path.resolve(import.meta.dirname, '../testing/put-until-killed.ts');
const rounds = 50;

describe('a store whose process is killed', () => {
  it(`has every acknowledged change and no half transaction, ${rounds} times over`, async () => {
    await using root = await temporaryRoot('state');
    const file = path.join(root.path, 'state.db');
    let next = 1;
    for (let round = 0; round < rounds; round += 1) {
      const acknowledged = await putAndKill(file, next, 1 + ((round * 37) % 120));
      checkStore(file, acknowledged);
      next = acknowledged + 2;
    }
  });
});

/** Resolves with the last acknowledged number once the process is gone. */
function putAndKill(file: string, first: number, lines: number): Promise<number> {
  const child = spawn(process.execPath, [program, file, String(first)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split('\n').length > lines) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      const last = Number(output.split('\n').at(-2));
      if (signal === 'SIGKILL') resolve(last);
      else reject(new Error(`the process ended by itself: ${errors}`));
    });
  });
}

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
