import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. */
export interface Delay {
  p99: number;
  worst: number;
}

/** Flags of Node.js for a gantryd that tells the delays of its event loop through `file`. */
export function delayFlags(file: string): string[] {
  const source = `
    import { renameSync, writeFileSync } from 'node:fs';
    import { monitorEventLoopDelay } from 'node:perf_hooks';
    const file = ${JSON.stringify(file)};
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    process.on('SIGUSR2', () => {
      const figures = { p99: delay.percentile(99) / 1e6, worst: delay.max / 1e6 };
      delay.reset();
      writeFileSync(file + '.new', JSON.stringify(figures));
      renameSync(file + '.new', file);
    });`;
  return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
}

/** The delays of process `pid` since it was asked the last time. */
export async function readDelay(pid: number, file: string): Promise<Delay> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  for (const deadline = performance.now() + 10_000; !existsSync(file); await sleep(5)) {
    if (performance.now() > deadline) throw new Error('gantryd does not tell its delays');
  }
  return JSON.parse(readFileSync(file, 'utf8')) as Delay;
}
