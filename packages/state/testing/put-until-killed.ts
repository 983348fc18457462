/**
 * A process that changes a store until somebody kills it: `put-until-killed.ts <file> <first>`. Each number is put as
 * a pair in one transaction, every third one deletes the pair of the number before; then the number is written to
 * standard output, a line each: it is acknowledged.
 */
import { writeSync } from 'node:fs';
import { silentLogger } from '@gantry/base';
import { openMetadataStore } from '../src/index.ts';

const [file = '', first = '0'] = process.argv.slice(2);
const store = openMetadataStore({ path: file, logger: silentLogger });
const left = store.collection<{ number: number; padding: string }>('left', { version: 1 });
const right = store.collection<number>('right', { version: 1 });

for (let number = Number(first); ; number += 1) {
  store.transaction(() => {
    left.put(String(number), { number, padding: 'x'.repeat(number % 5000) });
    right.put(String(number), number);
    if (number % 3 === 0) {
      left.delete(String(number - 1));
      right.delete(String(number - 1));
    }
  });
  writeSync(1, `${number}\n`);
}
