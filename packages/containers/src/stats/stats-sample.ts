import type { CgroupUsage, MachineCpu } from '@gantry/kernel';
import type { InterfaceTraffic } from '@gantry/network';

/** One look at what a container uses. */
export interface StatsSample {
  at: Date;
  /** Undefined while it does not run. */
  usage: CgroupUsage | undefined;
  machine: MachineCpu;
  /** By interface; undefined when the container has no network of its own. */
  traffic: Readonly<Record<string, InterfaceTraffic>> | undefined;
}

/** A sample and the one before it, which CPU use is told from. */
export interface StatsPair {
  sample: StatsSample;
  previous: StatsSample | undefined;
}
