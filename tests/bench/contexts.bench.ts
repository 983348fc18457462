import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryRoot } from '@gantry/testkit';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { run } from '../support/processes.ts';
import type { BenchRow } from './support/bench-row.ts';
import { startGantry } from './support/engines.ts';

const files = 500;
const fileBytes = 1_000_000;
const changed = 'dir-7/file-77';

/**
 * A context of 500 MB, sent once and again after one file has changed: bytes that leave the client, over a session and by the classic
 * `POST /build`, which sends everything each time.
 */
export async function bench(): Promise<BenchRow[]> {
  await using folder = await temporaryRoot('bench-contexts');
  const context = path.join(folder.path, 'context');
  makeContext(context);
  await using gantry = await startGantry();
  await using proxy = await startCountingProxy(path.join(folder.path, 'proxy.sock'), gantry.socketPath);
  const cli = gantry.cli.map((word) =>
    word === `unix://${gantry.socketPath}` ? `unix://${proxy.socketPath}` : word,
  );
  const build = (env: Record<string, string>): Promise<{ bytes: number; ms: number }> =>
    measured(proxy, async () => {
      const [program = '', ...words] = cli;
      const { exitCode, stderr } = await run(program, [...words, 'build', '-q', context], { env });
      if (exitCode !== 0) throw new Error(stderr);
    });
  await build({});
  writeFileSync(path.join(context, changed), Buffer.alloc(fileBytes, 1));
  const session = await build({});
  const classic = await build({ DOCKER_BUILDKIT: '0' });
  const shared = { against: 'POST /build' };
  return [
    {
      ...shared,
      name: `${(files * fileBytes) / 1e6} MB context with one file of 1 MB changed, sent`,
      unit: 'MB',
      ours: session.bytes / 1e6,
      other: classic.bytes / 1e6,
      ratio: session.bytes / fileBytes,
      target: { atMost: 1.5 },
    },
    {
      ...shared,
      name: '  build',
      unit: 'ms',
      ours: session.ms,
      other: classic.ms,
      ratio: classic.ms / session.ms,
    },
  ];
}

function makeContext(context: string): void {
  mkdirSync(context);
  writeFileSync(path.join(context, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
  for (let index = 0; index < files; index++) {
    const directory = path.join(context, `dir-${index % 10}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, `file-${index}`), Buffer.alloc(fileBytes, index));
  }
}

async function measured(
  proxy: CountingProxy,
  work: () => Promise<void>,
): Promise<{ bytes: number; ms: number }> {
  proxy.take();
  const startedMs = performance.now();
  await work();
  return { bytes: proxy.take(), ms: performance.now() - startedMs };
}
