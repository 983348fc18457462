/** Runs one container inside this program. As root: node examples/run.ts [directory] */
import path from 'node:path';
import { openEngine } from '@gantry/engine';

const directory = process.argv[2] ?? '/var/lib/gantry-example';

await using engine = await openEngine({
  dataRoot: path.join(directory, 'data'),
  execRoot: path.join(directory, 'run'),
});
await engine.images.pull('mirror/busybox', { onProgress: ({ status }) => console.error(status) });
const result = await engine.run('mirror/busybox', ['echo', 'hello']);
console.log(result.exitCode, result.stdout);
