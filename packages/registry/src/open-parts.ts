import type { Clock, Logger } from '@gantry/base';
import type { Access, AccessRequest } from './access/access.ts';
import { openAccess } from './access/open-access.ts';
import { type OpenedAccess, openAccessFor } from './access/open-access-for.ts';
import { tokenRoutes } from './access/tokens/token-routes.ts';
import { noPullThrough, type PullThrough } from './cache/pull-through.ts';
import { RegistryPullThrough } from './cache/registry-pull-through.ts';
import { metricsRoute } from './events/metrics/metrics-route.ts';
import type { RegistryMetrics } from './events/metrics/registry-metrics.ts';
import { type OpenedEvents, openEvents } from './events/open-events.ts';
import type { EventSink } from './events/registry-event.ts';
import type { RegistryRoute } from './http/route.ts';
import { Replicator } from './replication/replicator.ts';
import { retentionRoutes } from './retention/retention-routes.ts';
import { RetentionRunner } from './retention/retention-runner.ts';
import { ConfiguredRules } from './rules/configured-rules.ts';
import type { PushRules } from './rules/push-rules.ts';
import type { QuotaLedger } from './rules/quota-ledger.ts';
import type { RegistrySettings } from './settings/registry-settings.ts';
import type { OpenStorage } from './storage/open-storage.ts';

export interface OpenPartsOptions {
  settings: RegistrySettings;
  storage: OpenStorage;
  /** Counts what is in the storage already. */
  ledger: QuotaLedger;
  userAgent: string;
  clock: Clock;
  logger: Logger;
}

/** What stands around the distribution API: who may, what may, who is told, what comes from and goes to other registries. */
export interface OpenedParts extends AsyncDisposable {
  access: Access;
  rules: PushRules;
  events: EventSink;
  pullThrough: PullThrough;
  routes: readonly RegistryRoute[];
  /** Missing unless they are configured. */
  metrics?: RegistryMetrics;
  /** Reads files of users and robots again, and opens the audit log anew. */
  reload(): void;
}

/** Opens what the settings name. Throws what a file that is named and cannot be used throws; nothing is left open then. */
export async function openParts(options: OpenPartsOptions): Promise<OpenedParts> {
  const { settings, ledger } = options;
  await using stack = new AsyncDisposableStack();
  const metrics = settings.metrics === undefined ? undefined : await openMetrics(ledger);
  const counted = metrics === undefined ? {} : { metrics };
  const rules = new ConfiguredRules(settings.rules, ledger);
  const events = stack.use(openTold(options, stack, counted));
  const access =
    settings.access === undefined ? undefined : stack.use(await openUsers(options, events.events));
  const pullThrough =
    settings.cache.length === 0
      ? noPullThrough
      : stack.use(new RegistryPullThrough({ ...options, ...counted, settings: settings.cache, rules }));
  const retention = stack.use(keepRetention(options, events.events));
  const owned = stack.move();
  return {
    access: access?.access ?? openAccess,
    rules,
    events: events.events,
    pullThrough,
    ...counted,
    routes: [
      ...(access?.tokens === undefined ? [] : tokenRoutes(access.tokens)),
      ...(metrics === undefined || settings.metrics === undefined
        ? []
        : [metricsRoute(metrics, settings.metrics)]),
      ...retentionRoutes(retention.runner),
    ],
    reload: () => {
      access?.reload();
      events.reopenFiles();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Loaded only by a registry that is to be measured. */
async function openMetrics(ledger: QuotaLedger): Promise<RegistryMetrics> {
  const { RegistryMetrics } = await import('./events/metrics/registry-metrics.ts');
  const metrics = new RegistryMetrics();
  metrics.addQuotas(() => ledger.usage());
  return metrics;
}

function openTold(
  options: OpenPartsOptions,
  stack: AsyncDisposableStack,
  counted: { metrics?: RegistryMetrics },
): OpenedEvents {
  const { settings, storage } = options;
  const { webhooks, audit } = settings;
  const consumers = settings.replication.map((target) =>
    stack.use(new Replicator({ ...options, ...counted, settings: target })),
  );
  return openEvents({
    ...options,
    ...counted,
    webhooks,
    ...(audit === undefined ? {} : { audit }),
    consumers,
    store: storage.metadata,
  });
}

async function openUsers(
  { settings, storage, clock, logger }: OpenPartsOptions,
  events: EventSink,
): Promise<OpenedAccess> {
  const onRefused = (name: string, { headers, remoteAddress }: AccessRequest): void => {
    const userAgent = (headers['user-agent'] ?? '').slice(0, 256);
    const actor = name.slice(0, 128);
    events.publish({
      action: 'login-refused',
      repository: '',
      actor,
      remoteAddress,
      userAgent,
      requestId: '',
    });
  };
  if (settings.access === undefined) throw new Error('no users are configured');
  return await openAccessFor(settings.access, { store: storage.metadata, clock, logger, onRefused });
}

function keepRetention(
  { settings, storage, clock, logger }: OpenPartsOptions,
  events: EventSink,
): AsyncDisposable & { runner: RetentionRunner } {
  const { retention, rules } = settings;
  const runner = new RetentionRunner({ settings: retention, rules, storage, events, clock, logger });
  const closing = new AbortController();
  const repeating = retention.rules.length === 0 ? Promise.resolve() : runner.repeat(closing.signal);
  return {
    runner,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await repeating;
    },
  };
}
