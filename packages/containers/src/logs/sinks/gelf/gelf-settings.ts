import { InvalidOptionError } from '../../../errors.ts';
import type { LogOptionMap } from '../../settings/log-attributes.ts';
import { parseHostPort } from '../host-port.ts';
import type { RetrySettings } from '../log-sink.ts';

export interface GelfSettings {
  protocol: 'tcp' | 'udp';
  host: string;
  port: number;
  shownAddress: string;
  compression: 'gzip' | 'zlib' | 'none';
  /** zlib's: -1 is its default. */
  compressionLevel: number;
  retry: RetrySettings;
}

const compressions = ['gzip', 'zlib', 'none'] as const;
const fastestLevel = 1;

/** Throws `InvalidOptionError` in Docker's words. */
export function checkGelfOptions(options: LogOptionMap): void {
  parseGelfOptions(options);
}

/** Throws `InvalidOptionError` in Docker's words. */
export function parseGelfOptions(options: LogOptionMap): GelfSettings {
  const shownAddress = options['gelf-address'] ?? '';
  if (shownAddress === '') throw invalid('gelf-address is a required parameter');
  const match = /^(tcp|udp):\/\/([^/]*)\/?$/.exec(shownAddress);
  if (match === null) throw invalid(`gelf-address should be in form proto://address, got ${shownAddress}`);
  const protocol = match[1] as 'tcp' | 'udp';
  const place = match[2] ?? '';
  if (!/:\d+$/.test(place)) throw invalid('gelf: please provide gelf-address as proto://host:port');
  return {
    protocol,
    ...parseHostPort(place),
    shownAddress,
    ...parseCompression(options, protocol),
    retry: parseRetry(options, protocol),
  };
}

function parseCompression(
  options: LogOptionMap,
  protocol: 'tcp' | 'udp',
): Pick<GelfSettings, 'compression' | 'compressionLevel'> {
  const type = options['gelf-compression-type'];
  const level = options['gelf-compression-level'];
  if (protocol === 'tcp') {
    if (type !== undefined || level !== undefined) throw invalid('compression is only supported on UDP');
    return { compression: 'none', compressionLevel: fastestLevel };
  }
  const compression = compressions.find((known) => known === (type ?? 'gzip'));
  if (compression === undefined) throw unknownValue('gelf-compression-type', type);
  const compressionLevel = level === undefined ? fastestLevel : Number(level);
  if (!/^(-1|\d)$/.test(level ?? '1')) throw unknownValue('gelf-compression-level', level);
  return { compression, compressionLevel };
}

function parseRetry(options: LogOptionMap, protocol: 'tcp' | 'udp'): RetrySettings {
  const positive = (name: string, fallback: number): number => {
    const text = options[name];
    if (text === undefined) return fallback;
    if (protocol === 'udp') throw invalid(`"${name}" is only valid for TCP`);
    if (!/^\d{1,9}$/.test(text)) throw invalid(`"${name}" must be a positive integer`);
    return Number(text);
  };
  const limit = positive('gelf-tcp-max-reconnect', -1);
  const waitSeconds = positive('gelf-tcp-reconnect-delay', 1);
  return { firstWaitMs: waitSeconds * 1000, ...(limit >= 0 && { limit }) };
}

function unknownValue(option: string, value: string | undefined): InvalidOptionError {
  return invalid(`unknown value "${value ?? ''}" for log opt "${option}" for gelf log driver`);
}

function invalid(message: string): InvalidOptionError {
  return new InvalidOptionError(message);
}
