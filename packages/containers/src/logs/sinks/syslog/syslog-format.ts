import { hostname } from 'node:os';
import type { LogMessage } from '../log-sink.ts';
import type { SyslogFormat } from './syslog-settings.ts';

export interface SyslogHeader {
  facility: number;
  tag: string;
  format: SyslogFormat;
  /** RFC 5425: each message has its length before it. */
  countsOctets: boolean;
}

const severities = { stdout: 6, stderr: 3 } as const;
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/**
 * One message as Docker's syslog driver writes it, newline included: RFC 3164, RFC 5424 (seconds or microseconds), or
 * what syslog(3) gives to the local daemon. The time is the line's own.
 */
export function formatSyslog({ stream, timeNs, line }: LogMessage, header: SyslogHeader): Buffer {
  const priority = header.facility * 8 + severities[stream];
  const prefix = Buffer.from(formatPrefix(priority, timeNs, header));
  const message = Buffer.concat([prefix, line, newline]);
  return header.countsOctets ? Buffer.concat([Buffer.from(`${message.length} `), message]) : message;
}

function formatPrefix(priority: number, timeNs: bigint, { tag, format }: SyslogHeader): string {
  const time = new Date(Number(timeNs / 1_000_000n));
  const pid = process.pid;
  if (format === '') return `<${priority}>${stamp(time)} ${tag}[${pid}]: `;
  if (format === 'rfc3164') return `<${priority}>${stamp(time)} ${hostname()} ${tag}[${pid}]: `;
  const microseconds = String((timeNs / 1000n) % 1_000_000n).padStart(6, '0');
  const seconds = time.toISOString().slice(0, 19);
  const shown = format === 'rfc5424' ? `${seconds}Z` : `${seconds}.${microseconds}Z`;
  return `<${priority}>1 ${shown} ${hostname()} ${tag} ${pid} ${tag} - `;
}

/** `Jan _2 15:04:05`, in local time, as syslog has it. */
function stamp(time: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = String(time.getDate()).padStart(2, ' ');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${months[time.getMonth()]} ${day} ${clock}`;
}

const newline = Buffer.from('\n');
