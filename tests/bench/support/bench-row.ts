import { setTimeout as sleep } from 'node:timers/promises';

/** One line of the report: a figure of ours against a floor or a peer that was measured in the same run. */
export interface BenchRow {
  name: string;
  /** What `ours` and `other` are in: ms, MB/s, MB, files/s. */
  unit: string;
  ours: number;
  other: number;
  /** What `other` is: `bare crun run`, `dockerd 20.10`. */
  against: string;
  /** See `cost`, `speedup` and `rate`. */
  ratio: number;
  /** Such as `≤ 2.0`; undefined for a figure that is only told. */
  target?: Target;
}

export type Target = { atMost: number } | { atLeast: number };

/** A benchmark: measures all its rows in one go, so that ratios are of one moment. */
export type Bench = () => Promise<BenchRow[]>;

type Measured = Omit<BenchRow, 'ratio' | 'target'>;

/** Less is better: the ratio is ours over the other's. */
export function cost(measured: Measured, atMost?: number): BenchRow {
  const ratio = measured.ours / measured.other;
  return { ...measured, ratio, ...(atMost === undefined ? {} : { target: { atMost } }) };
}

/** How many times the other's cost is ours. */
export function speedup(measured: Measured, atLeast?: number): BenchRow {
  const ratio = measured.other / measured.ours;
  return { ...measured, ratio, ...(atLeast === undefined ? {} : { target: { atLeast } }) };
}

/** More is better: the ratio is our rate over the other's. */
export function rate(measured: Measured, atLeast?: number): BenchRow {
  const ratio = measured.ours / measured.other;
  return { ...measured, ratio, ...(atLeast === undefined ? {} : { target: { atLeast } }) };
}

export function meets(row: BenchRow): boolean | undefined {
  if (row.target === undefined) return undefined;
  return 'atMost' in row.target ? row.ratio <= row.target.atMost : row.ratio >= row.target.atLeast;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/**
 * As `inTurns`, for ways that leave work behind when they return (dockerd does): each goes on for `blockRounds` times before the
 * next has its turn, after a pause in which the machine comes to rest.
 */
export async function inBlocks(
  { blocks, blockRounds }: { blocks: number; blockRounds: number },
  ways: readonly (() => Promise<void>)[],
): Promise<number[]> {
  const samples: number[][] = ways.map(() => []);
  for (let block = 0; block < blocks; block += 1) {
    for (const [index, way] of ways.entries()) {
      await sleep(restMs);
      await way();
      for (let round = 0; round < blockRounds; round += 1) {
        const started = performance.now();
        await way();
        samples[index]?.push(performance.now() - started);
      }
    }
  }
  return samples.map(median);
}

const restMs = 1000;

/**
 * Measures several ways of doing one thing in turns, so that a noisy neighbour hits them alike: `rounds` times each, after
 * one round that is not counted. Returns the median milliseconds of each, in order.
 */
export async function inTurns(rounds: number, ways: readonly (() => Promise<void>)[]): Promise<number[]> {
  const samples: number[][] = ways.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, way] of ways.entries()) {
      const started = performance.now();
      await way();
      if (round > 0) samples[index]?.push(performance.now() - started);
    }
  }
  return samples.map(median);
}
