import path from 'node:path';
import { openEngine } from '@gantry/engine';
import { containerBackendConformance } from '@gantry/http-api/testing';
import { temporaryRoot } from '@gantry/testkit';
import { busyboxArchive, busyboxImage } from '../support/busybox-image.ts';

let counter = 0;

containerBackendConformance('the engine', async () => {
  const opened = new AsyncDisposableStack();
  const root = opened.use(await temporaryRoot('backend'));
  counter += 1;
  const engine = opened.use(
    await openEngine({
      dataRoot: path.join(root.path, 'data'),
      execRoot: path.join(root.path, 'exec'),
      bridge: `gc${process.pid % 100_000}x${counter}`,
    }),
  );
  opened.defer(async () => {
    const left = await engine.containers.list({ all: true, size: false, filters: new Map() });
    for (const { Id: id = '' } of left) await engine.containers.remove(id, { force: true, volumes: true });
  });
  await engine.images.load(oneChunk(await busyboxArchive()), { onProgress: () => {} });
  return {
    backend: engine.containers,
    image: busyboxImage,
    printBoth: ['sh', '-c', 'echo out; echo err >&2'],
    copy: ['cat'],
    exitSeven: ['sh', '-c', 'exit 7'],
    sleep: ['sleep', '1000'],
    missing: ['nosuch'],
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
});

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
