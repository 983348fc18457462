/**
 * Logs: a gigabyte of 100-byte lines into json-file without rotation and back, lines written one by one against a bare `cat`
 * behind the same producer, and how soon the end of a gigabyte, and a moment in it, are found.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { ApiSocket } from './support/api.ts';
import { type BenchRow, cost, rate } from './support/bench-row.ts';
import { type MeasuredEngine, startGantry } from './support/engines.ts';

const lineBytes = 100;
const fileBytes = 100_000_000;
const copies = 10;
/** Written line by line: a tenth of the file. */
const singleLines = 300_000;
/** dockerd 20.10 on a machine of two cores: what it stores, and what it gives back. */
const dockerdMegabytes = { stored: 45, read: 18 };
const image = 'mirror/busybox';
const unbounded = { Type: 'json-file', Config: { 'max-size': '-1' } };

export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync('/tmp/gantry-bench-lines-');
  writeFileSync(`${folder}/lines`, `${'x'.repeat(lineBytes - 1)}\n`.repeat(fileBytes / lineBytes));
  await using engine = await startGantry();
  using api = new ApiSocket(engine.socketPath);
  const logged = new Logged(engine, api, folder);
  try {
    return [...(await logged.blocks()), await logged.singleLines()];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

class Logged {
  readonly #engine: MeasuredEngine;
  readonly #api: ApiSocket;
  readonly #folder: string;

  constructor(engine: MeasuredEngine, api: ApiSocket, folder: string) {
    this.#engine = engine;
    this.#api = api;
    this.#folder = folder;
  }

  async blocks(): Promise<BenchRow[]> {
    const totalBytes = fileBytes * copies;
    const { id, seconds } = await this.#run(`for i in $(seq ${copies}); do cat /lines/lines; done`);
    const started = performance.now();
    const back = await this.#read(id, 'stdout=1&stderr=1');
    const readSeconds = (performance.now() - started) / 1000;
    // Each line comes in a frame of its own, with Docker's header.
    const linesBack = back / (lineBytes + 8);
    if (linesBack !== totalBytes / lineBytes) throw new Error(`${linesBack} lines came back`);
    const tail = await this.#medianMs(id, 'stdout=1&stderr=1&tail=10');
    const until = String(Date.now() / 1000);
    const since = await this.#medianMs(id, `stdout=1&stderr=1&since=${until}`);
    await this.#api.call('DELETE', `/v1.41/containers/${id}`);
    const megabytes = { unit: 'MB/s', against: 'the aim', other: 200 };
    const dockerd = `dockerd does ${dockerdMegabytes.stored} and ${dockerdMegabytes.read}`;
    return [
      rate(
        {
          ...megabytes,
          name: `1 GB in blocks into json-file (${dockerd})`,
          ours: totalBytes / 1e6 / seconds,
        },
        1,
      ),
      rate({ ...megabytes, name: '1 GB read back', ours: totalBytes / 1e6 / readSeconds }, 1),
      cost({ name: 'the last ten lines of 1 GB', unit: 'ms', ours: tail, other: 50, against: 'the aim' }, 1),
      cost({ name: 'a moment in 1 GB', unit: 'ms', ours: since, other: 50, against: 'the aim' }, 1),
    ];
  }

  async singleLines(): Promise<BenchRow> {
    const writer = `dd if=FILE bs=${lineBytes} count=${singleLines} 2>/dev/null`;
    const started = performance.now();
    execFileSync('sh', ['-c', `busybox ${writer.replace('FILE', `${this.#folder}/lines`)} | cat >/dev/null`]);
    const bareSeconds = (performance.now() - started) / 1000;
    const { id, seconds } = await this.#run(writer.replace('FILE', '/lines/lines'));
    await this.#api.call('DELETE', `/v1.41/containers/${id}`);
    const megabytes = (singleLines * lineBytes) / 1e6;
    return rate(
      {
        name: 'lines of 100 bytes written one by one',
        unit: 'MB/s',
        ours: megabytes / seconds,
        other: megabytes / bareSeconds,
        against: 'a bare cat',
      },
      0.6,
    );
  }

  /** Runs a script to its end; the seconds from its start until all of its output is in the log. */
  async #run(script: string): Promise<{ id: string; seconds: number }> {
    const { Id: id } = await this.#api.call<{ Id: string }>('POST', '/v1.41/containers/create', {
      Image: image,
      Cmd: ['sh', '-c', script],
      HostConfig: { Binds: [`${this.#folder}:/lines`], LogConfig: unbounded, NetworkMode: 'none' },
    });
    const exit = this.#api.call('POST', `/v1.41/containers/${id}/wait?condition=next-exit`);
    await this.#api.call('POST', `/v1.41/containers/${id}/start`);
    const started = performance.now();
    await exit;
    return { id, seconds: (performance.now() - started) / 1000 };
  }

  async #medianMs(id: string, query: string): Promise<number> {
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const started = performance.now();
      await this.#read(id, query);
      times.push(performance.now() - started);
    }
    return times.toSorted((left, right) => left - right)[2] ?? Number.NaN;
  }

  /** Bytes that came. */
  #read(id: string, query: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const path = `/v1.41/containers/${id}/logs?${query}`;
      request({ socketPath: this.#engine.socketPath, path }, (response) => {
        let received = 0;
        response.on('data', (chunk: Buffer) => (received += chunk.length));
        response.on('end', () => resolve(received));
        response.on('error', reject);
      })
        .on('error', reject)
        .end();
    });
  }
}
