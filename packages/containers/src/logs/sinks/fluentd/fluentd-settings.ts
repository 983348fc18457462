import { InvalidOptionError } from '../../../errors.ts';
import type { LogOptionMap } from '../../settings/log-attributes.ts';
import { parseBinarySize, parseBoolean, parseCount, parseDurationMs } from '../../settings/option-values.ts';
import { parseHostPort } from '../host-port.ts';
import type { RetrySettings } from '../log-sink.ts';
import type { StreamAddress } from '../stream-connection.ts';

export interface FluentdSettings {
  address: StreamAddress;
  shownAddress: string;
  /** Events held in memory at a time; the rest waits in the log. */
  batchMessages: number;
  subSecondPrecision: boolean;
  requestAck: boolean;
  retry: RetrySettings;
  reconnectAfterMs: number | undefined;
  writeTimeoutMs: number | undefined;
  readTimeoutMs: number | undefined;
}

const defaultPort = 24_224;
const longestBatch = 8192;
const minReconnectMs = 100;
const maxReconnectMs = 10_000;

/** Throws `InvalidOptionError` in Docker's words. */
export function checkFluentdOptions(options: LogOptionMap): void {
  parseFluentdOptions(options);
}

/** Throws `InvalidOptionError` in Docker's words. */
export function parseFluentdOptions(options: LogOptionMap): FluentdSettings {
  checkAsync(options);
  const shownAddress = options['fluentd-address'] ?? '';
  return {
    address: parseAddress(shownAddress),
    shownAddress: shownAddress === '' ? `tcp://127.0.0.1:${defaultPort}` : shownAddress,
    batchMessages: batchMessages(options['fluentd-buffer-limit']),
    subSecondPrecision: flag(options, 'fluentd-sub-second-precision'),
    requestAck: flag(options, 'fluentd-request-ack'),
    retry: parseRetry(options),
    reconnectAfterMs: parseReconnect(options['fluentd-async-reconnect-interval']),
    writeTimeoutMs: parseTimeout(options, 'fluentd-write-timeout'),
    readTimeoutMs: parseTimeout(options, 'fluentd-read-timeout'),
  };
}

/** The start of a container never waits for the receiver, whichever is asked for; both are checked. */
function checkAsync(options: LogOptionMap): void {
  flag(options, 'fluentd-async');
  flag(options, 'fluentd-async-connect');
  if (options['fluentd-async'] !== undefined && options['fluentd-async-connect'] !== undefined) {
    throw new InvalidOptionError(
      "conflicting options: cannot specify both 'fluentd-async' and 'fluentd-async-connect",
    );
  }
}

function flag(options: LogOptionMap, name: string): boolean {
  const text = options[name];
  return text !== undefined && text !== '' && parseBoolean(text);
}

function parseAddress(text: string): StreamAddress {
  const [, scheme, rest = ''] = /^(?:(tcp|tls|unix):\/\/)?(.*)$/s.exec(text) ?? [];
  if (scheme === 'unix') {
    if (!rest.startsWith('/')) throw new InvalidOptionError(`invalid fluentd-address ${text}: path is empty`);
    return { kind: 'unix', path: rest };
  }
  try {
    const { host, port } = parseHostPort(rest.replace(/\/$/, ''), defaultPort);
    const place = { host: rest === '' ? '127.0.0.1' : host, port };
    return scheme === 'tls' ? { kind: 'tls', ...place, options: {} } : { kind: 'tcp', ...place };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidOptionError(`invalid fluentd-address ${text}: ${reason}`, { option: 'fluentd-address' });
  }
}

function batchMessages(text: string | undefined): number {
  if (text === undefined || text === '') return longestBatch;
  return Math.max(1, Math.min(longestBatch, parseBinarySize(text)));
}

function parseRetry(options: LogOptionMap): RetrySettings {
  const wait = options['fluentd-retry-wait'];
  const limit = options['fluentd-max-retries'];
  return {
    firstWaitMs: wait === undefined ? 1000 : parseDurationMs(wait),
    ...(limit !== undefined && { limit: parseCount(limit) }),
  };
}

function parseReconnect(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const intervalMs = parseDurationMs(text);
  if (intervalMs === 0) return undefined;
  if (intervalMs < minReconnectMs || intervalMs > maxReconnectMs) {
    throw new InvalidOptionError(
      `invalid value for fluentd-async-reconnect-interval: value (${text}) must be between 100ms and 10s`,
    );
  }
  return intervalMs;
}

function parseTimeout(options: LogOptionMap, name: string): number | undefined {
  const text = options[name];
  const timeoutMs = text === undefined ? 0 : parseDurationMs(text);
  return timeoutMs === 0 ? undefined : timeoutMs;
}
