import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { makeTestImage, temporaryRoot } from '@gantry/testkit';
import { run } from '../support/processes.ts';
import { ApiSocket } from './support/api.ts';
import { type BenchRow, cost } from './support/bench-row.ts';
import { startGantry } from './support/engines.ts';
import { delayFlags, readDelay } from './support/event-loop-delay.ts';

const containers = 100;
const wanted = { unit: 'ms', against: 'what is wanted' };
const imageMegabytes = 1024;

/** How long the event loop of gantryd waits while 100 containers start and an image of 1 GB is loaded. */
export async function bench(): Promise<BenchRow[]> {
  await using root = await temporaryRoot('bench');
  const archive = makeLargeArchive(root.path);
  const figures = path.join(root.path, 'delay.json');
  await using gantry = await startGantry({ nodeFlags: delayFlags(figures) });
  using api = new ApiSocket(gantry.socketPath);
  await readDelay(gantry.pid, figures);
  const [command, ...args] = gantry.cli;
  const loading = run(command, [...args, 'load', '--input', archive], { timeoutMs: 120_000 });
  const ids = await startAll(api);
  const { exitCode, stderr } = await loading;
  if (exitCode !== 0) throw new Error(`the image was not loaded: ${stderr}`);
  const { p99, worst } = await readDelay(gantry.pid, figures);
  await Promise.all(ids.map((id) => api.call('DELETE', `/v1.41/containers/${id}?force=1`)));
  return [
    cost({ name: 'event loop delay, p99', ours: p99, other: 20, ...wanted }, 1),
    cost({ name: 'event loop delay, worst', ours: worst, other: 100, ...wanted }, 1),
  ];
}

/** An archive whose one layer has 64 files of random bytes, 1 GB in all. Returns its path. */
function makeLargeArchive(root: string): string {
  const script = [
    'mkdir big',
    `i=0; while [ $i -lt 64 ]; do head -c ${imageMegabytes / 64}M /dev/urandom > big/$i; i=$((i + 1)); done`,
    'tar --numeric-owner -cf layer.tar big && rm -r big',
    'printf "%s" "$CONFIG" | sed "s/DIFF/$(sha256sum layer.tar | cut -c1-64)/" > config.json',
    'printf "%s" "$MANIFEST" > manifest.json',
    'tar -cf large.tar manifest.json config.json layer.tar && rm layer.tar',
  ].join(' && ');
  const { images } = makeTestImage({ format: 'oci-layout', images: [{ layers: [[]] }] });
  const { platform } = images[0]?.manifests[0] ?? { platform: { os: 'linux', architecture: 'amd64' } };
  execFileSync('sh', ['-euc', script], {
    cwd: root,
    env: {
      ...process.env,
      CONFIG: JSON.stringify({
        ...platform,
        config: {},
        rootfs: { type: 'layers', diff_ids: ['sha256:DIFF'] },
      }),
      MANIFEST: JSON.stringify([
        { Config: 'config.json', RepoTags: ['large:latest'], Layers: ['layer.tar'] },
      ]),
    },
  });
  return path.join(root, 'large.tar');
}

async function startAll(api: ApiSocket): Promise<string[]> {
  const ids: string[] = [];
  const lanes = Array.from({ length: 8 }, async () => {
    while (ids.length < containers) {
      const body = { Image: 'mirror/busybox', Cmd: ['sleep', '1000'] };
      const { Id: id } = await api.call<{ Id: string }>('POST', '/v1.41/containers/create', body);
      ids.push(id);
      await api.call('POST', `/v1.41/containers/${id}/start`);
    }
  });
  await Promise.all(lanes);
  return ids;
}
