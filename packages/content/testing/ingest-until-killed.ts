/**
 * A process that stores blobs until somebody kills it: `ingest-until-killed.ts <directory> <seed>`. Each digest is
 * written to standard output, a line each, once its blob is stored: it is acknowledged.
 */
import { writeSync } from 'node:fs';
import { silentLogger } from '@gantry/base';
import { FileBlobStore } from '../src/index.ts';

const [directory = '', seed = '0'] = process.argv.slice(2);
const store = await FileBlobStore.open({ directory, logger: silentLogger });

for (let number = 0; ; number += 1) {
  const { digest } = await store.ingest(chunks(`${seed}-${number}`, 1 + (number % 5) * 8), {});
  writeSync(1, `${digest}\n`);
}

async function* chunks(text: string, count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(65536, `${text}-${index} `);
}
