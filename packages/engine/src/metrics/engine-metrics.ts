import type { SystemInfo } from '@gantry/api-types';
import type { Containers } from '@gantry/containers';
import type { NetworkController } from '@gantry/network';
import { Histogram, timeMethods } from './histogram.ts';
import { counter, gauge, histogram, type Metric, metricsText } from './metrics-text.ts';
import { processMetrics } from './process-metrics.ts';

export interface MetricSources {
  containers: Containers;
  network: NetworkController;
  info: () => Promise<SystemInfo>;
}

/** What dockerd tells at `metrics-addr`, by its names, of this engine. Counts begin when it is made. */
export class EngineMetrics {
  readonly #sources: MetricSources;
  readonly #containerActions = new Histogram(['changes', 'commit', 'create', 'delete', 'start']);
  readonly #networkActions = new Histogram(['allocate', 'connect', 'release']);

  constructor(sources: MetricSources) {
    this.#sources = sources;
    const { service, files } = sources.containers;
    timeMethods(service, { create: 'create', start: 'start', remove: 'delete' }, this.#containerActions);
    timeMethods(files, { changes: 'changes', commit: 'commit' }, this.#containerActions);
    timeMethods(
      sources.network,
      { attach: 'allocate', connect: 'connect', detach: 'release' },
      this.#networkActions,
    );
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    const info = await this.#sources.info();
    return metricsText([...this.#daemonMetrics(info), ...processMetrics()]);
  }

  *#daemonMetrics(info: SystemInfo): Generator<Metric> {
    const { events, probes } = this.#sources.containers;
    const own = 'engine_daemon_';
    yield histogram(
      `${own}container_actions_seconds`,
      'How long actions on containers took',
      this.#containerActions,
    );
    yield containerStates(`${own}container_states_containers`, info);
    yield gauge(`${own}engine_cpus_cpus`, 'Processors of the host', info.NCPU ?? 0);
    yield gauge(`${own}engine_memory_bytes`, 'Memory of the host', info.MemTotal ?? 0);
    yield engineInfo(`${own}engine_info`, info);
    yield gauge(`${own}events_subscribers_total`, 'Readers of events now', events.listenerCount);
    yield counter(`${own}events_total`, 'Events that were told', events.publishedCount);
    yield counter(`${own}health_checks_total`, 'Health checks that were run', probes.total);
    yield counter(`${own}health_checks_failed_total`, 'Health checks that failed', probes.failed);
    yield histogram(
      `${own}network_actions_seconds`,
      'How long actions on networks took',
      this.#networkActions,
    );
  }
}

function containerStates(name: string, info: SystemInfo): Metric {
  const counts = {
    paused: info.ContainersPaused,
    running: info.ContainersRunning,
    stopped: info.ContainersStopped,
  };
  const samples = Object.entries(counts).map(([state, value = 0]) => ({ labels: { state }, value }));
  return { name, help: 'Containers by state', type: 'gauge', samples };
}

function engineInfo(name: string, info: SystemInfo): Metric {
  const labels = {
    architecture: info.Architecture ?? '',
    daemon_id: info.ID ?? '',
    graphdriver: info.Driver ?? '',
    kernel: info.KernelVersion ?? '',
    os: info.OperatingSystem ?? '',
    os_type: info.OSType ?? '',
    os_version: info.OSVersion ?? '',
    version: info.ServerVersion ?? '',
  };
  return { name, help: 'What engine this is, on what host', type: 'gauge', samples: [{ labels, value: 1 }] };
}
