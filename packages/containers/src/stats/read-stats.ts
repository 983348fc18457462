import { totalmem } from 'node:os';
import type { ContainerStatsResponse } from '@gantry/api-types';
import type { Container } from '../container.ts';
import { isActive } from '../state/container-state.ts';
import { containerStats } from './container-stats.ts';
import type { StatsPair } from './stats-sample.ts';
import type { StatsSampler } from './stats-sampler.ts';

export interface StatsOptions {
  /** One a second, until the container is removed. */
  stream: boolean;
  /** Without `stream`: a single measurement, so that CPU use cannot be told. */
  oneShot: boolean;
  signal: AbortSignal;
}

/** What `docker stats` reads. Without `stream` one answer: of a container that does not run at once, else after a second. */
export async function* readStats(
  sampler: StatsSampler,
  container: Container,
  { stream, oneShot, signal }: StatsOptions,
): AsyncGenerator<ContainerStatsResponse> {
  const answer = (pair: StatsPair): ContainerStatsResponse => containerStats(container, pair, totalmem());
  if (!stream && (oneShot || !isActive(container.state))) {
    yield answer({ sample: sampler.sampleOnce(container), previous: undefined });
    return;
  }
  for await (const pair of sampler.watch(container, signal)) {
    if (!stream && pair.previous === undefined) continue;
    yield answer(pair);
    if (!stream) return;
  }
}
