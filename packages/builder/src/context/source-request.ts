import type { BuildClient } from '../build-client.ts';
import type { Keep } from '../steps/layers.ts';

/** What fetching a source needs of its build. */
export interface SourceRequest {
  readonly keep: Keep;
  /** What lives as long as the build. */
  readonly opened: AsyncDisposableStack;
  readonly signal: AbortSignal;
  /** Lends credentials. */
  readonly client: BuildClient | undefined;
}
