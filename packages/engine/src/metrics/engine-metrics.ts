import type { SystemInfo } from '@gantry/api-types';
import type { Containers } from '@gantry/containers';
import type { NetworkController } from '@gantry/network';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { timeMethods } from './time-methods.ts';

export interface MetricSources {
  containers: Containers;
  network: NetworkController;
  info: () => Promise<SystemInfo>;
}

const prefix = 'engine_daemon_';

/** What dockerd tells at `metrics-addr`, by its names, of this engine, and what its process costs. Counts begin when it is made. */
export class EngineMetrics {
  readonly #registry = new Registry();
  readonly #sources: MetricSources;
  readonly #states = this.#gauge('container_states_containers', 'Containers by state', ['state']);
  readonly #cpus = this.#gauge('engine_cpus_cpus', 'Processors of the host');
  readonly #memory = this.#gauge('engine_memory_bytes', 'Memory of the host');
  readonly #engine = this.#gauge('engine_info', 'What engine this is, on what host', engineLabels);

  constructor(sources: MetricSources) {
    this.#sources = sources;
    collectDefaultMetrics({ register: this.#registry });
    this.#timeActions();
    const { events, probes } = sources.containers;
    this.#count('events_total', 'Events that were told', () => events.publishedCount);
    this.#count('health_checks_total', 'Health checks that were run', () => probes.total);
    this.#count('health_checks_failed_total', 'Health checks that failed', () => probes.failed);
    const readers: Gauge = this.#gauge('events_subscribers_total', 'Readers of events now', [], () => {
      readers.set(events.listenerCount);
    });
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    const info = await this.#sources.info();
    this.#states.set({ state: 'paused' }, info.ContainersPaused ?? 0);
    this.#states.set({ state: 'running' }, info.ContainersRunning ?? 0);
    this.#states.set({ state: 'stopped' }, info.ContainersStopped ?? 0);
    this.#cpus.set(info.NCPU ?? 0);
    this.#memory.set(info.MemTotal ?? 0);
    this.#engine.reset();
    this.#engine.set(labelsOf(info), 1);
    return await this.#registry.metrics();
  }

  #timeActions(): void {
    const { containers, network } = this.#sources;
    const { service, files } = containers;
    const onContainers = this.#times('container_actions_seconds', 'How long actions on containers took', [
      'changes',
      'commit',
      'create',
      'delete',
      'start',
    ]);
    timeMethods(service, { create: 'create', start: 'start', remove: 'delete' }, onContainers);
    timeMethods(files, { changes: 'changes', commit: 'commit' }, onContainers);
    const onNetworks = this.#times('network_actions_seconds', 'How long actions on networks took', [
      'allocate',
      'connect',
      'release',
    ]);
    timeMethods(network, { attach: 'allocate', connect: 'connect', detach: 'release' }, onNetworks);
  }

  #times(name: string, help: string, actions: readonly string[]): (action: string, seconds: number) => void {
    const registers = [this.#registry];
    const times = new Histogram({ name: `${prefix}${name}`, help, labelNames: ['action'], registers });
    for (const action of actions) times.zero({ action });
    return (action, seconds) => times.observe({ action }, seconds);
  }

  #gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
    collect?: () => void,
  ): Gauge<Label> {
    const registers = [this.#registry];
    return new Gauge({ name: `${prefix}${name}`, help, labelNames, registers, ...(collect && { collect }) });
  }

  /** Something that is counted elsewhere. */
  #count(name: string, help: string, read: () => number): void {
    const counter: Counter = new Counter({
      name: `${prefix}${name}`,
      help,
      registers: [this.#registry],
      collect: () => {
        counter.reset();
        counter.inc(read());
      },
    });
  }
}

const engineLabels = [
  'architecture',
  'daemon_id',
  'graphdriver',
  'kernel',
  'os',
  'os_type',
  'os_version',
  'version',
] as const;

function labelsOf(info: SystemInfo): Record<(typeof engineLabels)[number], string> {
  return {
    architecture: info.Architecture ?? '',
    daemon_id: info.ID ?? '',
    graphdriver: info.Driver ?? '',
    kernel: info.KernelVersion ?? '',
    os: info.OperatingSystem ?? '',
    os_type: info.OSType ?? '',
    os_version: info.OSVersion ?? '',
    version: info.ServerVersion ?? '',
  };
}
