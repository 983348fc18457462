import type { EventMessage, Filters, SystemInfo, SystemVersion, Volume } from '@gantry/api-types';

/** What the system routes need. */
export interface SystemBackend {
  version(): Promise<SystemVersion>;
  info(): Promise<SystemInfo>;
  /** Events from `sinceNs` (if given) until `untilNs` (for ever if missing) or `signal`. The legacy fields are added by the route. */
  events(options: {
    sinceNs?: bigint;
    untilNs?: bigint;
    filters: Filters;
    signal: AbortSignal;
  }): AsyncIterable<EventMessage>;
}

export interface VolumeBackend {
  /** Of all drivers; one that cannot be asked is a warning. Throws invalid for a filter that Docker does not have. */
  list(filters: Filters): Promise<{ Volumes: Volume[]; Warnings: string[] }>;
  /** Throws `get x: no such volume`. */
  inspect(name: string): Promise<Volume>;
  /** Makes, or returns the volume of that name. Without a driver: whatever has one of that name, else a local one. */
  create(options: {
    name?: string;
    driver?: string;
    /** The driver's own. */
    options?: Record<string, string>;
    labels?: Record<string, string>;
  }): Promise<Volume>;
  /** Throws conflict while a container has it. With `force` a missing one is no error, nor is a driver that refuses. */
  remove(name: string, options: { force: boolean }): Promise<void>;
}
