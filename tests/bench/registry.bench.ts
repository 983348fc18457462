/**
 * Our registry against Debian's docker-registry, both on the loopback, with the same content: small manifests a second, large
 * blobs, fifty clients at once, and an upload. The client is a bare socket, which costs both the same.
 */
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import { temporaryRoot } from '@gantry/testkit';
import { DockerRegistry } from '../support/docker-registry.ts';
import { peakResidentBytes } from '../support/footprint.ts';
import { GantryRegistry } from '../support/gantry-registry.ts';
import { type BenchRow, cost, median, rate } from './support/bench-row.ts';

const rounds = 3;
const manifestSeconds = 1;
const manifestConnections = 8;
const blobBytes = 256 << 20;
const smallBlobBytes = 8 << 20;
const clients = 50;
const repository = 'bench/app';
const mebibyte = 1 << 20;

interface Measured {
  manifests: number[];
  blobs: number[];
  crowds: number[];
  pushes: number[];
}

export async function bench(): Promise<BenchRow[]> {
  await using folder = await temporaryRoot('bench-registry');
  await using ours = await GantryRegistry.start(path.join(folder.path, 'ours'), 5821);
  await using theirs = await DockerRegistry.start(path.join(folder.path, 'theirs'), 5822, { isQuiet: true });
  const content = makeContent();
  const results = { ours: emptyResults(), theirs: emptyResults() };
  for (const { host } of [ours, theirs]) await fill(host, content);
  for (let round = 0; round < rounds; round += 1) {
    await measure(theirs.host, content, results.theirs);
    await measure(ours.host, content, results.ours);
  }
  const row = (name: string, what: keyof Measured, unit: string, least?: number): BenchRow =>
    rate(
      {
        name,
        unit,
        ours: median(results.ours[what]),
        other: median(results.theirs[what]),
        against: 'docker-registry',
      },
      least,
    );
  return [
    row('GET of a manifest of 4 KB', 'manifests', 'req/s', 1),
    row('GET of a blob of 256 MB', 'blobs', 'MB/s', 0.9),
    row('fifty clients at once, 8 MB each', 'crowds', 'MB/s', 0.9),
    row('push of a blob of 64 MB, which ours syncs to the disk', 'pushes', 'MB/s'),
    cost({
      name: 'peak memory over all of it',
      unit: 'MB',
      ours: peakResidentBytes(ours.pid) / mebibyte,
      other: peakResidentBytes(theirs.pid) / mebibyte,
      against: 'docker-registry',
    }),
  ];
}

function emptyResults(): Measured {
  return { manifests: [], blobs: [], crowds: [], pushes: [] };
}

interface Content {
  blob: Buffer;
  small: Buffer;
  manifest: string;
}

function makeContent(): Content {
  const blob = randomBytes(blobBytes);
  const small = blob.subarray(0, smallBlobBytes);
  const descriptor = (bytes: Buffer): object => ({
    mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { ...descriptor(small), mediaType: 'application/vnd.docker.container.image.v1+json' },
    layers: Array.from({ length: 18 }, () => descriptor(blob)),
    annotations: { padding: 'x' },
  };
  const missing = 4096 - JSON.stringify(manifest).length;
  manifest.annotations.padding = 'x'.repeat(Math.max(1, missing + 1));
  return { blob, small, manifest: JSON.stringify(manifest) };
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function fill(host: string, { blob, small, manifest }: Content): Promise<void> {
  await push(host, blob);
  await push(host, small);
  const target = `http://${host}/v2/${repository}/manifests/latest`;
  const headers = { 'Content-Type': manifestType };
  const { status } = await fetch(target, { method: 'PUT', headers, body: manifest });
  if (status !== 201) throw new Error(`${target}: ${status}`);
}

async function push(host: string, body: Buffer): Promise<void> {
  const begun = await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const target = new URL(begun.headers.get('location') ?? '', `http://${host}`);
  target.searchParams.set('digest', digestOf(body));
  const headers = { 'Content-Type': 'application/octet-stream' };
  const { status } = await fetch(target, { method: 'PUT', headers, body: new Uint8Array(body) });
  if (status !== 201) throw new Error(`${target.href}: ${status}`);
}

async function measure(host: string, { blob, small }: Content, into: Measured): Promise<void> {
  into.manifests.push(await manifestsPerSecond(host));
  into.blobs.push(await megabytesPerSecond(host, [blob]));
  into.crowds.push(
    await megabytesPerSecond(
      host,
      Array.from({ length: clients }, () => small),
    ),
  );
  const fresh = randomBytes(64 << 20);
  const started = performance.now();
  await push(host, fresh);
  into.pushes.push(fresh.length / 1e3 / (performance.now() - started));
}

/** Each connection asks again when it has its answer. */
async function manifestsPerSecond(host: string): Promise<number> {
  const counts = await Promise.all(Array.from({ length: manifestConnections }, () => askAgainAndAgain(host)));
  return counts.reduce((sum, count) => sum + count, 0) / manifestSeconds;
}

function askAgainAndAgain(host: string): Promise<number> {
  const request = `GET /v2/${repository}/manifests/latest HTTP/1.1\r\nHost: ${host}\r\nAccept: ${manifestType}\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const socket = connect(host);
    const until = performance.now() + manifestSeconds * 1000;
    let count = 0;
    let expected = 0;
    let received = 0;
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.length;
      if (expected === 0) expected = answerBytes(chunk.toString('latin1'));
      if (received < expected) return;
      count += 1;
      received = 0;
      if (performance.now() < until) socket.write(request);
      else {
        socket.destroy();
        resolve(count);
      }
    });
    socket.write(request);
  });
}

/** Head and body; every answer is as long as the first. */
function answerBytes(head: string): number {
  const end = head.indexOf('\r\n\r\n');
  if (!head.startsWith('HTTP/1.1 200') || end === -1) throw new Error(head.slice(0, 200));
  return end + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1]);
}

async function megabytesPerSecond(host: string, blobs: readonly Buffer[]): Promise<number> {
  const started = performance.now();
  const received = await Promise.all(blobs.map((blob) => download(host, digestOf(blob))));
  return received.reduce((sum, bytes) => sum + bytes, 0) / 1e3 / (performance.now() - started);
}

function download(host: string, digest: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = 0;
    const count = (bytes: number): boolean => {
      received += bytes;
      return true;
    };
    const socket = connect(host, { buffer: Buffer.allocUnsafe(mebibyte), callback: count });
    socket.on('error', reject);
    socket.on('end', () => resolve(received));
    socket.write(
      `GET /v2/${repository}/blobs/${digest} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
  });
}

function connect(host: string, onread?: net.OnReadOpts): net.Socket {
  const [address = '', port = ''] = host.split(':');
  return net.connect({ host: address, port: Number(port), ...(onread === undefined ? {} : { onread }) });
}
