import { readFileSync, statSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { errorMessage } from '@gantry/base';
import { InvalidOptionError } from '../../../errors.ts';
import type { LogOptionMap } from '../../settings/log-attributes.ts';
import { parseHostPort } from '../host-port.ts';

export interface SyslogSettings {
  address: SyslogAddress;
  /** The option as it was given, for messages. */
  shownAddress: string;
  facility: number;
  format: SyslogFormat;
}

export type SyslogAddress =
  | { kind: 'local' }
  | { kind: 'udp' | 'tcp' | 'tls'; host: string; port: number }
  | { kind: 'unix' | 'unixgram'; path: string };

const formats = ['', 'rfc3164', 'rfc5424', 'rfc5424micro'] as const;
/** The empty one is what syslog(3) writes to the local socket. */
export type SyslogFormat = (typeof formats)[number];

const syslogPort = 514;
const daemonFacility = 3;
/** syslog(3); the numbers 12 to 15 have no names. */
const facilities =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp - - - - local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  );

/** Throws `InvalidOptionError` in Docker's words. */
export function checkSyslogOptions(options: LogOptionMap): void {
  const { address } = parseSyslogOptions(options);
  if (address.kind === 'unix' || address.kind === 'unixgram') checkSocket(address.path);
  if (address.kind === 'tls') readTlsOptions(options);
}

/** Reads no file. Throws `InvalidOptionError` in Docker's words. */
export function parseSyslogOptions(options: LogOptionMap): SyslogSettings {
  const shownAddress = options['syslog-address'] ?? '';
  return {
    address: parseAddress(shownAddress),
    shownAddress: shownAddress === '' ? 'local' : shownAddress,
    facility: parseFacility(options['syslog-facility'] ?? ''),
    format: parseFormat(options['syslog-format'] ?? ''),
  };
}

/** The files named by `syslog-tls-…`, read now. Throws `InvalidOptionError` when one cannot be read. */
export function readTlsOptions(options: LogOptionMap): ConnectionOptions {
  const file = (name: string): Buffer | undefined => {
    const path = options[name];
    if (path === undefined || path === '') return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw new InvalidOptionError(`${name}: ${errorMessage(error)}`, { option: name });
    }
  };
  const ca = file('syslog-tls-ca-cert');
  const cert = file('syslog-tls-cert');
  const key = file('syslog-tls-key');
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    // Docker takes any value for yes.
    rejectUnauthorized: (options['syslog-tls-skip-verify'] ?? '') === '',
  };
}

function parseAddress(text: string): SyslogAddress {
  if (text === '') return { kind: 'local' };
  const match = /^(udp|tcp|tcp\+tls|unix|unixgram):\/\/(.*)$/.exec(text);
  if (match === null) {
    throw new InvalidOptionError(`syslog-address should be in form proto://address, got ${text}`, {
      option: 'syslog-address',
    });
  }
  const [, protocol = '', rest = ''] = match;
  if (protocol === 'unix' || protocol === 'unixgram') return { kind: protocol, path: rest };
  const kind = protocol === 'tcp+tls' ? 'tls' : (protocol as 'tcp' | 'udp');
  return { kind, ...parseHostPort(rest, syslogPort) };
}

function checkSocket(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw new InvalidOptionError(`stat ${path}: no such file or directory`, { option: 'syslog-address' });
  }
}

function parseFacility(text: string): number {
  if (text === '') return daemonFacility;
  const named = facilities.indexOf(text);
  const facility = text !== '-' && named >= 0 ? named : /^\d{1,2}$/.test(text) ? Number(text) : -1;
  if (facility < 0 || facility >= facilities.length) {
    throw new InvalidOptionError('invalid syslog facility', { option: 'syslog-facility' });
  }
  return facility;
}

function parseFormat(text: string): SyslogFormat {
  const format = formats.find((known) => known === text);
  if (format === undefined)
    throw new InvalidOptionError('Invalid syslog format', { option: 'syslog-format' });
  return format;
}
