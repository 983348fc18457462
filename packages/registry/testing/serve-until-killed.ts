/**
 * A registry in a process of its own, which kills itself when it passes a fault point the COUNTth time:
 * `node serve-until-killed.ts DIRECTORY [POINT COUNT]`. With the point `RECORD` it writes all it passes to `DIRECTORY.passes`;
 * `DIRECTORY.json` has further settings. Says its port on a line. `COLLECT` on its input collects garbage, with the answer on a line.
 */
import { createInterface } from 'node:readline';
import { silentLogger } from '@gantry/base';
import { openRegistry } from '../src/index.ts';
import { killAt } from './kill-at.ts';
import { settingsOf } from './settings-of.ts';

const [directory = '', point = '', count = '1'] = process.argv.slice(2);
killAt(directory, point, Number(count));

const settings = settingsOf(directory);
const logger = silentLogger;
const { storage, addresses } = await openRegistry({ settings, userAgent: 'Gantry/test', logger });
const [bound] = addresses;
process.stdout.write(`${bound !== undefined && 'port' in bound ? bound.port : ''}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'COLLECT') {
    process.stdout.write(`${JSON.stringify(await storage.collectGarbage())}\n`);
  }
}
