import { type Clock, errorMessage, type Logger } from '@gantry/base';
import type { MetadataStore } from '@gantry/state';
import { AuditLog } from './audit/audit-log.ts';
import { EventHub } from './event-hub.ts';
import type { AuditSettings, WebhookSettings } from './event-settings.ts';
import type { RegistryMetrics } from './metrics/registry-metrics.ts';
import { Outbox, type OutboxReader } from './outbox/outbox.ts';
import type { EventSink } from './registry-event.ts';
import { WebhookSender } from './webhooks/webhook-sender.ts';

/** Somebody else who reads the outbox; runs until `signal` aborts. */
export interface EventConsumer {
  /** Unique among all readers, and the same after a restart. */
  name: string;
  run(reader: OutboxReader, signal: AbortSignal): Promise<void>;
}

export interface OpenEventsOptions {
  webhooks: readonly WebhookSettings[];
  audit?: AuditSettings;
  metrics?: RegistryMetrics;
  consumers?: readonly EventConsumer[];
  store: MetadataStore;
  userAgent: string;
  clock: Clock;
  logger: Logger;
}

export interface OpenedEvents extends AsyncDisposable {
  events: EventSink;
  /** Opens the audit log's file anew. */
  reopenFiles(): void;
}

const auditReader = 'audit';
const auditAgainMs = 5000;

/**
 * Events with everybody who is told of them. Disposing waits for whoever is telling, and loses nothing: what was not told is told
 * after the next start. Throws `RegistryFileError`.
 */
export function openEvents(options: OpenEventsOptions): OpenedEvents {
  const { webhooks, audit, metrics, store, clock, logger } = options;
  const stop = new AbortController();
  const consumers = [
    ...webhooks.map((settings) => webhookConsumer(settings, options)),
    ...(options.consumers ?? []),
  ];
  const log = audit === undefined ? undefined : new AuditLog(audit);
  const readers = [...consumers.map(({ name }) => name), ...(log === undefined ? [] : [auditReader])];
  const outbox = new Outbox({ store, clock, logger, readers });
  const hub = new EventHub({
    outbox,
    alsoKept: new Set(webhooks.flatMap(({ actions }) => actions)),
    ...(log === undefined || audit === undefined ? {} : { audit: { log, settings: audit } }),
    ...(metrics === undefined ? {} : { metrics }),
    logger,
  });
  metrics?.addGauge({
    name: 'events_waiting',
    help: 'Events that somebody was not told of yet',
    read: () => outbox.size,
  });
  const tellers: EventConsumer[] = [...consumers, ...(log === undefined ? [] : [auditConsumer(hub, clock)])];
  const running = tellers.map(async (teller) => {
    try {
      await teller.run(outbox.reader(teller.name), stop.signal);
    } catch (error) {
      if (!stop.signal.aborted)
        logger.error('telling of events ended', { reader: teller.name, reason: errorMessage(error) });
    }
  });
  return {
    events: hub,
    reopenFiles: () => log?.reopen(),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all(running);
      outbox.close();
      log?.[Symbol.dispose]();
    },
  };
}

/** Opened here, so that a secret that cannot be read refuses the start. */
function webhookConsumer(settings: WebhookSettings, options: OpenEventsOptions): EventConsumer {
  const { userAgent, clock, logger, metrics } = options;
  const sender = new WebhookSender({
    settings,
    userAgent,
    clock,
    logger: logger.child({ component: 'webhooks' }),
    ...(metrics === undefined ? {} : { onTry: (name, isTaken) => metrics.webhookTry(name, isTaken) }),
  });
  return { name: `webhook ${settings.name}`, run: (reader, signal) => sender.run(reader, signal) };
}

/** Changes are written after they are durable, and again after a full disk. */
function auditConsumer(hub: EventHub, clock: Clock): EventConsumer {
  return {
    name: auditReader,
    run: async (reader, signal) => {
      for (;;) {
        for (const event of await reader.next(signal)) {
          while (!hub.auditChange(event)) await clock.sleep(auditAgainMs, signal);
          reader.acknowledge(event);
        }
      }
    },
  };
}
