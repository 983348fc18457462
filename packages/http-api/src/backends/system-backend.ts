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
  list(filters: Filters): Promise<Volume[]>;
  /** Throws `get x: no such volume`. */
  inspect(name: string): Promise<Volume>;
  create(options: { name?: string; labels?: Record<string, string> }): Promise<Volume>;
  remove(name: string, options: { force: boolean }): Promise<void>;
}
