import type { Exchange } from '../server/exchange.ts';

export type RouteMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** One operation of the API: `path` in find-my-way's notation, without version. What `handle` throws becomes the error response. */
export interface Route {
  method: RouteMethod;
  path: string;
  /** Takes the connection over. */
  hijacks?: boolean;
  /** Its body is an archive that flows by, and never read as JSON. */
  streamsBody?: boolean;
  handle: (exchange: Exchange) => Promise<void> | void;
}
