import type { EventMessage, Filters, SystemInfo, SystemVersion, Volume } from '@gantry/api-types';
import { BoundedQueue, EngineError } from '@gantry/base';
import { maxApiVersion, minApiVersion, type SystemBackend, type VolumeBackend } from '../src/index.ts';
import { someTime } from './fake-container.ts';

/** Answers that never change, and events that the test sends. */
export class FakeSystemBackend implements SystemBackend {
  readonly past: EventMessage[] = [];
  readonly #subscribers = new Set<BoundedQueue<EventMessage>>();
  readonly #onLeft: (() => void)[] = [];
  readonly #capacity: number;

  constructor(options: { eventCapacity?: number } = {}) {
    this.#capacity = options.eventCapacity ?? 1000;
  }

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Resolves when the next subscriber leaves. */
  async subscriberLeft(): Promise<void> {
    if (this.#subscribers.size > 0) await new Promise<void>((resolve) => this.#onLeft.push(resolve));
  }

  /** Returns how many subscribers were too slow for it; their stream ends with an error. */
  send(message: EventMessage): number {
    this.past.push(message);
    const slow = [...this.#subscribers].filter((queue) => !queue.push(message));
    for (const queue of slow)
      queue.end(new EngineError('exhausted', 'event-reader-slow', 'event reader is too slow'));
    return slow.length;
  }

  async version(): Promise<SystemVersion> {
    return {
      Platform: { Name: 'Gantry' },
      Components: [{ Name: 'Engine', Version: '0.1.0', Details: { ApiVersion: maxApiVersion } }],
      Version: '0.1.0',
      ApiVersion: maxApiVersion,
      MinAPIVersion: minApiVersion,
      GitCommit: '',
      GoVersion: '',
      Os: 'linux',
      Arch: 'amd64',
      KernelVersion: '6.1.0',
      BuildTime: someTime,
    };
  }

  async info(): Promise<SystemInfo> {
    return {
      ID: 'fake',
      Containers: 0,
      Images: 1,
      Driver: 'overlayfs',
      OSType: 'linux',
      Name: 'fake',
      NCPU: 2,
    };
  }

  async *events(options: {
    sinceNs?: bigint;
    untilNs?: bigint;
    filters: Filters;
    signal: AbortSignal;
  }): AsyncGenerator<EventMessage> {
    for (const name of options.filters.keys()) {
      if (name !== 'type' && name !== 'container')
        throw new EngineError('invalid', 'invalid-filter', `invalid filter '${name}'`);
    }
    const queue = new BoundedQueue<EventMessage>(this.#capacity);
    if (options.sinceNs !== undefined) for (const message of this.past) queue.push(message);
    if (options.untilNs !== undefined) queue.end();
    options.signal.addEventListener('abort', () => queue.end(), { once: true });
    this.#subscribers.add(queue);
    try {
      yield* queue;
    } finally {
      this.#subscribers.delete(queue);
      for (const left of this.#onLeft.splice(0)) left();
    }
  }
}

/** Volumes in memory. */
export class FakeVolumeBackend implements VolumeBackend {
  readonly #volumes = new Map<string, Volume>();

  async list(): Promise<{ Volumes: Volume[]; Warnings: string[] }> {
    return { Volumes: [...this.#volumes.values()], Warnings: [] };
  }

  async inspect(name: string): Promise<Volume> {
    const volume = this.#volumes.get(name);
    if (volume === undefined)
      throw new EngineError('not-found', 'volume-not-found', `get ${name}: no such volume`);
    return volume;
  }

  async create({
    name = 'ef'.repeat(32),
    driver = 'local',
    options = {},
    labels = {},
  }: Parameters<VolumeBackend['create']>[0]): Promise<Volume> {
    const volume: Volume = {
      Name: name,
      Driver: driver,
      Mountpoint: `/nowhere/${name}`,
      CreatedAt: someTime,
      Labels: labels,
      Scope: 'local',
      Options: options,
    };
    this.#volumes.set(name, volume);
    return volume;
  }

  async remove(name: string): Promise<void> {
    await this.inspect(name);
    this.#volumes.delete(name);
  }
}
