import type { ContainerSummary, Filters } from '@gantry/api-types';
import type { NetworkInfo } from '@gantry/network';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { containerSize } from '../inspect/container-size.ts';
import { mountPoints } from '../inspect/mount-points.ts';
import { endpointsOf, portList } from '../inspect/network-settings.ts';
import { statusText } from '../inspect/status-text.ts';
import { countsAsRunning } from '../state/container-state.ts';
import { timestampMs } from '../state/timestamps.ts';
import { containerFilter } from './container-filters.ts';

export interface ListOptions {
  /** Those that do not run too. */
  all: boolean;
  /** The newest so many, whether they run or not. */
  limit?: number;
  size: boolean;
  filters: Filters;
}

/** What `docker ps` shows, newest first; parts of it are shared by later lists. Throws `InvalidFilterError`. */
export async function listContainers(
  environment: ContainerEnvironment,
  { all, limit, size, filters }: ListOptions,
): Promise<ContainerSummary[]> {
  const filter = containerFilter(environment, filters);
  const limited = limit !== undefined && limit > 0;
  const listed = environment.registry
    .list()
    .filter((container) => all || limited || filter.includesStopped || countsAsRunning(container.state))
    .filter((container) => filter.matches(container));
  const chosen = limited ? listed.slice(0, limit) : listed;
  const moment = { nowMs: environment.clock.now().getTime(), networks: environment.ports.network.networks() };
  const summaries = chosen.map((container) => summary(environment, container, moment));
  if (!size) return summaries;
  return await Promise.all(
    chosen.map(async (container, index) => ({
      ...(summaries[index] as ContainerSummary),
      ...(await containerSize(environment, container)),
    })),
  );
}

/** What is the same for all that are listed. */
interface Moment {
  nowMs: number;
  networks: readonly NetworkInfo[];
}

function summary(
  environment: ContainerEnvironment,
  container: Container,
  { nowMs, networks }: Moment,
): ContainerSummary {
  const { record } = container;
  if (container.listed?.record !== record) {
    container.listed = { record, summary: restingSummary(environment, container) };
  }
  const current = {
    ...container.listed.summary,
    State: container.state.status,
    Status: statusText(container, nowMs),
  };
  if (container.run === undefined) return current;
  return {
    ...current,
    Ports: portList(environment, container),
    NetworkSettings: { Networks: endpointsOf(environment, container, networks) },
  };
}

/** All that the record alone says: the whole summary, but for the times, of a container that does not run. */
function restingSummary(environment: ContainerEnvironment, container: Container): ContainerSummary {
  const { id, record, state } = container;
  const { config, hostConfig, image } = record;
  return {
    Id: id,
    Names: [`/${record.name}`],
    Image: image.reference,
    ImageID: image.id,
    Command: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].map(quoted).join(' '),
    Created: Math.floor(timestampMs(record.createdAt) / 1000),
    Ports: [],
    Labels: { ...config.Labels },
    State: state.status,
    Status: '',
    HostConfig: { NetworkMode: hostConfig.NetworkMode },
    NetworkSettings: { Networks: endpointsOf(environment, container, []) },
    Mounts: mountPoints(container),
  };
}

/** A word with blanks is shown in quotes. */
function quoted(word: string): string {
  return /\s/.test(word) ? `'${word}'` : word;
}
