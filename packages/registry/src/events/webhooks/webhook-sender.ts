import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import { matchesAny } from '../../patterns/name-pattern.ts';
import { RegistryFileError } from '../../settings/errors.ts';
import type { WebhookSettings } from '../event-settings.ts';
import type { OutboxReader } from '../outbox/outbox.ts';
import type { RegistryEvent } from '../registry-event.ts';
import { isPublicAddress, lookupPublic } from './public-address.ts';

export interface WebhookSenderOptions {
  settings: WebhookSettings;
  userAgent: string;
  clock: Clock;
  logger: Logger;
  /** Told of every try. */
  onTry?: (name: string, isTaken: boolean) => void;
}

const firstPauseMs = 1000;
const longestPauseMs = 600_000;
/** With pauses up to ten minutes: about a day and a half. */
const maxTries = 200;

/**
 * Tells one receiver of events, in order, each until it is taken (a status from 200 to 299) or refused for good (400 to 499, but
 * for 408, 425 and 429). Requests look like this:
 *
 *   POST <url>
 *   Content-Type: application/json
 *   Gantry-Delivery: <uuid of the try>            Gantry-Event: push
 *   Gantry-Signature: t=<seconds>,v1=<hex of HMAC-SHA256 over "<seconds>.<body>">
 *
 *   { "events": [ … ] }
 */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
    readSecret(options.settings);
  }

  /** Until `signal` aborts; rejects with its reason. */
  async run(reader: OutboxReader, signal: AbortSignal): Promise<void> {
    for (;;) {
      for (const event of await reader.next(signal)) {
        if (this.#wants(event)) await this.#deliver(event, signal);
        reader.acknowledge(event);
      }
    }
  }

  #wants({ action, repository }: RegistryEvent): boolean {
    const { actions, repositories } = this.#options.settings;
    return actions.includes(action) && (repositories === undefined || matchesAny(repositories, repository));
  }

  async #deliver(event: RegistryEvent, signal: AbortSignal): Promise<void> {
    const { settings, clock, logger, onTry } = this.#options;
    for (let count = 1; ; count += 1) {
      const problem = await this.#try(event, signal);
      signal.throwIfAborted();
      onTry?.(settings.name, problem === undefined);
      if (problem === undefined) return;
      const isLast = !problem.isPassing || count >= maxTries;
      const fields = { webhook: settings.name, eventId: event.id, tries: count, reason: problem.reason };
      if (isLast) return logger.error('a webhook does not take an event: given up', fields);
      if (count === 1) logger.warn('a webhook does not take an event; it is told again', fields);
      const pauseMs = problem.retryAfterMs ?? Math.min(firstPauseMs * 2 ** (count - 1), longestPauseMs);
      await clock.sleep(Math.min(pauseMs, longestPauseMs), signal);
    }
  }

  /** What was wrong; undefined when the receiver took it. */
  async #try(event: RegistryEvent, signal: AbortSignal): Promise<Problem | undefined> {
    try {
      const body = Buffer.from(JSON.stringify({ events: [event] }));
      const { status, retryAfter } = await this.#post(body, event, signal);
      if (status >= 200 && status < 300) return undefined;
      const isPassing = status < 400 ? false : status >= 500 || [408, 425, 429].includes(status);
      const retryAfterMs = /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined;
      return {
        reason: `status ${status}`,
        isPassing,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      };
    } catch (error) {
      return { reason: errorMessage(error), isPassing: true };
    }
  }

  /** Redirects are not followed: they would go where nobody configured. The answer's body is not read. */
  async #post(body: Buffer, event: RegistryEvent, signal: AbortSignal): Promise<Answer> {
    const { settings } = this.#options;
    const url = new URL(settings.url);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (!settings.allowsPrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
      throw new Error(`${host} is not an address of the public internet; "allow-private" allows it`);
    }
    const answer = Promise.withResolvers<Answer>();
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: 'POST',
      headers: this.#headers(body, event),
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)]),
      ...(settings.allowsPrivate ? {} : { lookup: lookupPublic }),
    });
    request.on('error', answer.reject);
    request.on('response', (response) => {
      answer.resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] ?? '' });
      response.destroy();
    });
    request.end(body);
    return await answer.promise;
  }

  #headers(body: Buffer, { action }: RegistryEvent): Record<string, string | number> {
    const { settings, userAgent, clock } = this.#options;
    const secret = readSecret(settings);
    const seconds = Math.floor(clock.now().getTime() / 1000);
    const signature = secret === undefined ? undefined : signatureOf(body, seconds, secret);
    return {
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      'User-Agent': userAgent,
      'Gantry-Delivery': randomUUID(),
      'Gantry-Event': action,
      ...(signature === undefined ? {} : { 'Gantry-Signature': `t=${seconds},v1=${signature}` }),
    };
  }
}

interface Answer {
  status: number;
  retryAfter: string;
}

interface Problem {
  reason: string;
  /** Whether another try may help. */
  isPassing: boolean;
  retryAfterMs?: number;
}

function signatureOf(body: Buffer, seconds: number, secret: string): string {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
}

/** Read at each request: a new secret needs no restart. */
function readSecret({ secretFile }: WebhookSettings): string | undefined {
  if (secretFile === undefined) return undefined;
  let secret: string;
  try {
    secret = readFileSync(secretFile, 'utf8').trim();
  } catch (error) {
    throw new RegistryFileError(secretFile, errorMessage(error), error);
  }
  if (secret.length < 16)
    throw new RegistryFileError(secretFile, 'the secret must be of 16 characters or more');
  return secret;
}
