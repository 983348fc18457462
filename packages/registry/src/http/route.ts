import type { RegistryExchange } from './registry-exchange.ts';

/** An endpoint beside the distribution API. What `handle` throws becomes the error answer. */
export interface RegistryRoute {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** In find-my-way's notation: `/token`, `/api/v1/repositories`. */
  path: string;
  handle: (exchange: RegistryExchange) => Promise<void> | void;
}
