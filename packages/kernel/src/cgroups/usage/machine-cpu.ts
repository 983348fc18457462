import { readFileSync } from 'node:fs';

/** CPU time of the whole machine since it booted, idle time included, and how many CPUs are at work (proc_stat(5)). */
export interface MachineCpu {
  totalNs: number;
  onlineCpus: number;
}

/** `text` is /proc/stat. The guest columns are left out: they are part of `user` and `nice` already. */
export function readMachineCpu(text: string = readFileSync('/proc/stat', 'latin1')): MachineCpu {
  const ticks = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').slice(0, 8) ?? [];
  return {
    totalNs: ticks.reduce((sum, count) => sum + Number(count), 0) * nanosecondsPerTick,
    onlineCpus: text.match(/^cpu\d/gm)?.length ?? 0,
  };
}

const nanosecondsPerTick = 10_000_000;
