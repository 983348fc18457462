/**
 * An engine to be killed: takes a container over, or starts it, and keeps its output in a journal of records, each with
 * the position after it. Prints `started` and `ended <exit code> <out of memory>` lines.
 * Usage: engine-child.ts <execRoot> <journal> <start request as a JSON file>
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { openRuntime, type StartRequest } from '@gantry/runtime';
import { mendJournal } from './journal.ts';

const [execRoot = '', journal = '', requestFile = ''] = process.argv.slice(2);
const request = JSON.parse(readFileSync(requestFile, 'utf8')) as StartRequest;
const runtime = openRuntime({ execRoot });
const container = (await runtime.adopt(request.containerId)) ?? (await runtime.start(request));
process.stdout.write('started\n');
for await (const chunk of container.output.read(mendJournal(journal).position)) {
  const data = Buffer.from(chunk.data).toString('base64');
  appendFileSync(journal, `${chunk.stream} ${chunk.position.stdout} ${chunk.position.stderr} ${data}\n`);
  container.output.release(chunk.position);
}
const status = await container.exited;
process.stdout.write(`ended ${status.exitCode} ${status.outOfMemory}\n`);
runtime[Symbol.dispose]();
