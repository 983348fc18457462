import type { Clock, Logger } from '@gantry/base';
import type { Access } from '../access/access.ts';
import type { PullThrough } from '../cache/pull-through.ts';
import type { RequestObservation } from '../events/metrics/registry-metrics.ts';
import type { EventSink } from '../events/registry-event.ts';
import type { PushRules } from '../rules/push-rules.ts';
import type { OpenStorage } from '../storage/open-storage.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** What the API serves. */
export interface RegistryServices {
  storage: OpenStorage;
  access: Access;
  rules: PushRules;
  events: EventSink;
  pullThrough: PullThrough;
  /** Whose word is taken for where a request comes from; nobody's when missing. */
  proxies?: TrustedProxies;
  /** Told of every request when it is done with. */
  onRequest?: (request: RequestObservation) => void;
  clock: Clock;
  logger: Logger;
}
