import path from 'node:path';
import { after, before } from 'node:test';
import { type Engine, openEngine } from '@gantry/engine';
import { containerBackendConformance } from '@gantry/http-api/testing';
import { temporaryRoot } from '@gantry/testkit';
import { busyboxArchive, busyboxImage } from '../support/busybox-image.ts';

/** One for all tests: each finds it without containers. */
let engine: Engine;
const opened = new AsyncDisposableStack();
before(async () => {
  const root = opened.use(await temporaryRoot('backend'));
  engine = opened.use(
    await openEngine({
      dataRoot: path.join(root.path, 'data'),
      execRoot: path.join(root.path, 'exec'),
      bridge: `gc${process.pid % 100_000}`,
    }),
  );
  await engine.images.load(oneChunk(await busyboxArchive()), { onProgress: () => {} });
});
after(() => opened.disposeAsync());

containerBackendConformance('the engine', () => {
  const { containers } = engine;
  return Promise.resolve({
    backend: containers,
    image: busyboxImage,
    printBoth: ['sh', '-c', 'echo out; echo err >&2'],
    copy: ['cat'],
    exitSeven: ['sh', '-c', 'exit 7'],
    sleep: ['sleep', '1000'],
    missing: ['nosuch'],
    [Symbol.asyncDispose]: async () => {
      const left = await containers.list({ all: true, size: false, filters: new Map() });
      for (const { Id: id = '' } of left) await containers.remove(id, { force: true, volumes: true });
    },
  });
});

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
