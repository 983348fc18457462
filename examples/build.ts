/** Builds an image without a Dockerfile and runs it, inside this program. As root: node examples/build.ts [directory] */
import path from 'node:path';
import { from, openEngine, scratch } from '@gantry/engine';

const directory = process.argv[2] ?? '/var/lib/gantry-example';

await using engine = await openEngine({
  dataRoot: path.join(directory, 'data'),
  execRoot: path.join(directory, 'run'),
});
await engine.images.pull('mirror/busybox', { onProgress: ({ status }) => console.error(status) });

const busybox = from('mirror/busybox');
const made = busybox.run('mkdir /made && echo "made in a stage" > /made/text', { network: 'none' });
const image = scratch()
  .copy('/', '/', { from: busybox })
  .copy('/made/text', '/text', { from: made, chmod: '444' })
  .copy('build.ts', '/source.ts')
  .env({ GREETING: 'costs $5' })
  .cmd('echo "$GREETING"; cat /text; wc -l < /source.ts');

await engine.build(image, {
  context: import.meta.dirname,
  tags: ['example'],
  onText: (text) => process.stderr.write(text),
});
const result = await engine.run('example', []);
console.log(result.exitCode, result.stdout);
