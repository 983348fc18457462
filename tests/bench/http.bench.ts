/**
 * The API server against bare node:http on the same kind of socket: small requests a second, and megabytes of output a
 * second through an attached connection. Run as a program it is the server; `bench` starts it so, to measure from outside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AttachSession, OutputFrame } from '@gantry/http-api';
import { FakeContainerBackend, startTestServer } from '@gantry/http-api/testing';
import { type BenchRow, median, rate } from './support/bench-row.ts';

const rounds = 9;
const seconds = 0.4;
const pipelined = 16;
const outputBytes = 2e9;

export async function bench(): Promise<BenchRow[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gantry-bench-http-'));
  const server = spawn(process.execPath, [import.meta.filename, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    return await measure(server, path.join(folder, 'bare.sock'));
  } finally {
    server.kill('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(server: ChildProcess, bareSocket: string): Promise<BenchRow[]> {
  const [said] = (await once(server.stdout as net.Socket, 'data')) as [Buffer];
  const socketPath = said.toString().trim();
  const rates: { bare: number[]; ours: number[] } = { bare: [], ours: [] };
  for (let round = 0; round < rounds; round += 1) {
    rates.bare.push(await requestsPerSecond(bareSocket, '/'));
    rates.ours.push(await requestsPerSecond(socketPath, '/v1.51/containers/json'));
  }
  const [bare, ours] = [median(rates.bare), median(rates.ours)];
  const framed = await attachedMegabytes(socketPath, 'blocks');
  const lines = await attachedMegabytes(socketPath, 'lines');
  return [
    rate({ name: 'GET of an empty list', unit: 'req/s', ours, other: bare, against: 'bare node:http' }),
    rate(
      {
        name: 'attached output in blocks of 64 kB',
        unit: 'MB/s',
        ours: framed,
        other: 600,
        against: 'the aim',
      },
      1,
    ),
    rate({
      name: 'attached output in lines of 100 bytes',
      unit: 'MB/s',
      ours: lines,
      other: 600,
      against: 'the aim',
    }),
  ];
}

/** One connection, `pipelined` requests on their way at a time. Each answer is counted by its status line. */
function requestsPerSecond(socketPath: string, target: string): Promise<number> {
  const request = `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    const started = performance.now();
    let answers = 0;
    socket.on('error', reject);
    socket.write(request.repeat(pipelined));
    socket.on('data', (chunk) => {
      const seen = chunk.toString('latin1').split('HTTP/1.1 200').length - 1;
      answers += seen;
      const elapsed = (performance.now() - started) / 1000;
      if (elapsed < seconds) socket.write(request.repeat(seen));
      else {
        socket.destroy();
        resolve(answers / elapsed);
      }
    });
  });
}

function attachedMegabytes(socketPath: string, container: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    let received = 0;
    const count = (bytes: number): boolean => {
      received += bytes;
      return true;
    };
    const socket = net.connect({
      path: socketPath,
      onread: { buffer: Buffer.alloc(1 << 20), callback: count },
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(received / 1e3 / (performance.now() - started)));
    const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\n';
    socket.write(
      `POST /containers/${container}/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
    );
  });
}

class PrintingContainers extends FakeContainerBackend {
  override async attach(ref: string): Promise<AttachSession> {
    return { terminal: false, output: frames(ref === 'lines' ? 100 : 65_536), close: () => {} };
  }
}

async function* frames(size: number): AsyncGenerator<OutputFrame> {
  const data = Buffer.alloc(size, 'x');
  const total = size === 100 ? outputBytes / 10 : outputBytes;
  for (let sent = 0; sent < total; sent += size) yield { stream: 'stdout', data };
}

async function serve(folder: string): Promise<void> {
  const { socketPath, ...server } = await startTestServer({ containers: new PrintingContainers() });
  const bare = http.createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 3 });
    response.end('[]\n');
  });
  bare.listen(path.join(folder, 'bare.sock'), () => console.log(socketPath));
  process.once('SIGTERM', () => void server[Symbol.asyncDispose]().then(() => process.exit(0)));
}

if (process.argv[1] === import.meta.filename) await serve(process.argv[2] ?? '');
