import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RegistryEvent } from '../registry-event.ts';

export interface RequestObservation {
  method: string;
  /** The kind of endpoint, never a path: paths are without end. */
  route: string;
  status: number;
  seconds: number;
}

/** What a gauge shows at the moment of a scrape. */
export interface GaugeSource {
  name: string;
  help: string;
  read: () => number;
}

const requestBuckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** Prometheus' view of a registry; every name begins with `gantry_registry_`, those of the process with `process_` or `nodejs_`. */
export class RegistryMetrics {
  readonly #registry = new Registry();
  readonly #events = this.#counter('events_total', 'What happened', ['action']);
  readonly #bytes = this.#counter('pushed_bytes_total', 'Bytes of blobs and manifests that were pushed', []);
  readonly #webhooks = this.#counter('webhook_tries_total', 'Requests to webhooks', ['webhook', 'result']);
  readonly #fetches = this.#counter('cache_requests_total', 'Requests for content of another registry', [
    'result',
  ]);
  readonly #replications = this.#counter('replications_total', 'Content sent elsewhere', [
    'target',
    'result',
  ]);
  readonly #requests: Histogram<'method' | 'route' | 'status'>;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Histogram({
      name: 'gantry_registry_http_request_duration_seconds',
      help: 'How long requests took, bodies included',
      labelNames: ['method', 'route', 'status'],
      buckets: requestBuckets,
      registers: [this.#registry],
    });
  }

  /** Idempotent for one name: the last source counts. */
  addGauge({ name, help, read }: GaugeSource): void {
    const full = `gantry_registry_${name}`;
    this.#registry.removeSingleMetric(full);
    const gauge: Gauge = new Gauge({
      name: full,
      help,
      registers: [this.#registry],
      collect: () => gauge.set(read()),
    });
  }

  /** What of each quota is used, and how much there is. */
  addQuotas(read: () => readonly { pattern: string; limitBytes: number; usedBytes: number }[]): void {
    const used: Gauge<'quota' | 'kind'> = new Gauge({
      name: 'gantry_registry_quota_bytes',
      help: 'Bytes of quotas: used, and at most',
      labelNames: ['quota', 'kind'],
      registers: [this.#registry],
      collect: () => {
        for (const { pattern, limitBytes, usedBytes } of read()) {
          used.set({ quota: pattern, kind: 'used' }, usedBytes);
          used.set({ quota: pattern, kind: 'limit' }, limitBytes);
        }
      },
    });
  }

  event({ action, sizeBytes }: RegistryEvent): void {
    this.#events.inc({ action });
    if (action === 'push' && sizeBytes !== undefined) this.#bytes.inc(sizeBytes);
  }

  request({ method, route, status, seconds }: RequestObservation): void {
    this.#requests.observe({ method, route, status }, seconds);
  }

  webhookTry(webhook: string, isTaken: boolean): void {
    this.#webhooks.inc({ webhook, result: isTaken ? 'taken' : 'failed' });
  }

  cacheRequest(result: 'hit' | 'fetched' | 'stale' | 'failed'): void {
    this.#fetches.inc({ result });
  }

  replication(target: string, isDone: boolean): void {
    this.#replications.inc({ target, result: isDone ? 'done' : 'failed' });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Prometheus' text format. */
  async render(): Promise<string> {
    return await this.#registry.metrics();
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name: `gantry_registry_${name}`, help, labelNames, registers: [this.#registry] });
  }
}
