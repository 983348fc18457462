import { errorMessage, type Logger } from '@gantry/base';
import type { AuditLog } from './audit/audit-log.ts';
import type { AuditSettings } from './event-settings.ts';
import type { RegistryMetrics } from './metrics/registry-metrics.ts';
import type { Outbox } from './outbox/outbox.ts';
import type { EventSink, NewRegistryEvent, RegistryAction, RegistryEvent } from './registry-event.ts';

export interface EventHubOptions {
  outbox: Outbox;
  /** What readers of the outbox ask for beside changes. */
  alsoKept: ReadonlySet<RegistryAction>;
  audit?: { log: AuditLog; settings: AuditSettings };
  metrics?: RegistryMetrics;
  logger: Logger;
}

const changes: ReadonlySet<RegistryAction> = new Set<RegistryAction>(['push', 'delete', 'mount']);

/**
 * Spreads events: changes go to the outbox, from which webhooks, replication and the audit log read them; the rest goes to the
 * audit log at once, and to the outbox only if a webhook asks for it.
 */
export class EventHub implements EventSink {
  readonly #options: EventHubOptions;
  #isAuditBroken = false;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  publish(event: NewRegistryEvent): void {
    const { outbox, metrics } = this.#options;
    const stamped = outbox.stamp(event);
    const isChange = changes.has(event.action);
    if (isChange) outbox.append(stamped);
    else this.#tellSoon(stamped);
    metrics?.event(stamped);
  }

  /** Nobody waits for the disk, nor fails, for what changes nothing. */
  #tellSoon(event: RegistryEvent): void {
    const { outbox, alsoKept, logger } = this.#options;
    this.#audit(event);
    if (!alsoKept.has(event.action)) return;
    try {
      outbox.appendSoon(event);
    } catch (error) {
      logger.error('an event is not told', { action: event.action, reason: errorMessage(error) });
    }
  }

  /** Writes a line for a change that is durable. False when the log cannot be written now: try again. */
  auditChange(event: RegistryEvent): boolean {
    return !changes.has(event.action) || this.#audit(event);
  }

  /** A log that cannot be written is told once, not at each event. */
  #audit(event: RegistryEvent): boolean {
    const { audit, logger } = this.#options;
    if (audit === undefined || (event.action === 'pull' && !audit.settings.withPulls)) return true;
    try {
      audit.log.write(event);
      this.#isAuditBroken = false;
      return true;
    } catch (error) {
      if (!this.#isAuditBroken)
        logger.error('the audit log cannot be written', { reason: errorMessage(error) });
      this.#isAuditBroken = true;
      return false;
    }
  }
}
