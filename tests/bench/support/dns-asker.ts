/**
 * Asks 127.0.0.11 for the address of a name, from a network namespace that it was started in: one question at a time, then as
 * fast as many clients can, then 5,000 times a second. Prints `AskedFigures` as JSON. Argument: the name.
 */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';

export interface AskedFigures {
  /** Of one question at a time, in milliseconds. */
  median: number;
  p99: number;
  /** Questions that 64 clients had answered a second, each asking one at a time. */
  perSecond: number;
  /** At 5,000 questions a second: how long the slowest hundredth took, and what share was answered. */
  steadyP99: number;
  steadyShare: number;
}

const alone = 3000;
const clients = 64;
const throughputMs = 4000;
const steadyMs = 4000;
const steadyEveryMs = 4;
const steadyBatch = 20;
const patienceMs = 1000;

async function ask(name: string): Promise<AskedFigures> {
  const message = question(name);
  const one = new Client(message);
  const times: number[] = [];
  for (let round = 0; round < alone; round += 1) {
    const started = performance.now();
    await one.ask();
    if (round >= alone / 10) times.push(performance.now() - started);
  }
  const many = Array.from({ length: clients }, () => new Client(message));
  const perSecond = await throughput(many);
  const steady = await atSteadyRate(many);
  for (const client of [one, ...many]) client.close();
  return { median: percentile(times, 50), p99: percentile(times, 99), perSecond, ...steady };
}

async function throughput(many: readonly Client[]): Promise<number> {
  const end = performance.now() + throughputMs;
  let answered = 0;
  await Promise.all(
    many.map(async (client) => {
      while (performance.now() < end) if (await client.ask()) answered += 1;
    }),
  );
  return answered / (throughputMs / 1000);
}

async function atSteadyRate(many: readonly Client[]): Promise<{ steadyP99: number; steadyShare: number }> {
  const times: number[] = [];
  const running: Promise<void>[] = [];
  const begun = performance.now();
  let sent = 0;
  for (let next = begun; next < begun + steadyMs; next += steadyEveryMs) {
    if (next > performance.now()) await sleep(next - performance.now());
    for (let index = 0; index < steadyBatch; index += 1) {
      const client = many[sent++ % many.length] as Client;
      const started = performance.now();
      running.push(
        client.ask().then((answered) => {
          if (answered) times.push(performance.now() - started);
        }),
      );
    }
  }
  await Promise.all(running);
  return { steadyP99: percentile(times, 99), steadyShare: times.length / sent };
}

/** A socket with any number of questions out, told apart by their ids. */
class Client {
  readonly #socket: Socket = createSocket({
    type: 'udp4',
    lookup: (address, _options, callback) => callback(null, address, 4),
  });
  readonly #waiting = new Map<number, (answered: boolean) => void>();
  readonly #message: Buffer;
  #lastId = 0;

  constructor(message: Buffer) {
    this.#message = message;
    this.#socket.on('message', (answer) =>
      this.#waiting.get(answer.readUInt16BE(0))?.(answer.readUInt16BE(6) === 1),
    );
    this.#socket.on('error', () => {});
  }

  /** False when there was no answer within a second. */
  async ask(): Promise<boolean> {
    const id = (this.#lastId = (this.#lastId + 1) & 0xffff);
    const message = Buffer.from(this.#message);
    message.writeUInt16BE(id, 0);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.set(id, resolve);
    const patience = setTimeout(() => resolve(false), patienceMs);
    this.#socket.send(message, 53, '127.0.0.11');
    const answered = await promise;
    clearTimeout(patience);
    this.#waiting.delete(id);
    return answered;
  }

  close(): void {
    this.#socket.close();
  }
}

function question(name: string): Buffer {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

// Last, when everything above is there.
if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(await ask(process.argv[2] ?? '')));
