/**
 * A registry in a process of its own, which kills itself when it passes a fault point the COUNTth time:
 * `node serve-until-killed.ts DIRECTORY [POINT COUNT]`. With the point `RECORD` it writes all it passes to `DIRECTORY/passes`.
 * Says its port on a line. `COLLECT` on its input collects garbage, with the answer on a line.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { faultPointChannel, silentLogger, systemClock } from '@gantry/base';
import {
  createRegistryServer,
  noEvents,
  noPullThrough,
  noRules,
  openAccess,
  openStorage,
} from '../src/index.ts';

const [directory = '', point = '', count = '1'] = process.argv.slice(2);
let passes = 0;
subscribe(faultPointChannel, (name) => {
  if (point === 'RECORD') appendFileSync(`${directory}/passes`, `${String(name)}\n`);
  if (name !== point) return;
  passes += 1;
  if (passes === Number(count)) process.kill(process.pid, 'SIGKILL');
});

const storage = await openStorage({ directory, logger: silentLogger, graceMs: 0 });
const services = { access: openAccess, rules: noRules, events: noEvents, pullThrough: noPullThrough };
const server = createRegistryServer({ storage, ...services, clock: systemClock, logger: silentLogger });
const { port } = await server.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
process.stdout.write(`${port}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'COLLECT') {
    process.stdout.write(`${JSON.stringify(await storage.collectGarbage())}\n`);
  }
}
