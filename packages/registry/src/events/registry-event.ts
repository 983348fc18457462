/** Something that happened in the registry. What changed content is told at least once, over a kill -9 too. */
export interface RegistryEvent {
  /** Unique, and increasing within one registry. */
  id: string;
  /** RFC 3339, milliseconds, UTC. */
  time: string;
  action: RegistryAction;
  /** Empty for `login-refused`. */
  repository: string;
  digest?: string;
  tag?: string;
  mediaType?: string;
  /** Of the blob or manifest itself, without what it names. */
  sizeBytes?: number;
  /** The name of the user or robot; empty for anonymous callers, `gantry-registry` for the registry itself. */
  actor: string;
  /** Without port; empty for the registry itself. */
  remoteAddress: string;
  userAgent: string;
  requestId: string;
}

/**
 * `push` and `delete` are of manifests and tags, with a `mediaType` or `tag`, and of blobs, without both; `mount` is of a
 * blob taken over from another repository. `login-refused` is of credentials that were wrong.
 */
export type RegistryAction = 'push' | 'pull' | 'delete' | 'mount' | 'login-refused';

/** An event before it has its place in the order. */
export type NewRegistryEvent = Omit<RegistryEvent, 'id' | 'time'>;

export interface EventSink {
  /**
   * Tells what happened. Never throws on behalf of a listener, never waits for one. For `push`, `delete` and `mount` call it
   * inside the transaction of the metadata store that makes the change: both are kept or neither.
   */
  publish(event: NewRegistryEvent): void;
}

/** Nobody listens. */
export const noEvents: EventSink = { publish: () => {} };
