import { errorMessage, type LogFields, type Logger } from '@gantry/base';
import { type DestinationStream, destination, type Logger as Pino, pino } from 'pino';
import { textLine } from './text-lines.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

export function isLogLevel(text: string): text is LogLevel {
  return logLevels.some((level) => level === text);
}

export const logFormats = ['json', 'text'] as const;
export type LogFormat = (typeof logFormats)[number];

export function isLogFormat(text: string): text is LogFormat {
  return logFormats.some((format) => format === text);
}

/** A logger whose level can be changed, for all its children too. */
export interface ProgramLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/** Lines on stderr, of JSON unless text is wanted, written synchronously so that none is lost when the process dies. */
export function openLogger(level: LogLevel, format: LogFormat = 'json'): ProgramLogger {
  const gate = { lowest: ranks[level] };
  const logger = pino(
    {
      level: 'debug',
      base: { pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      messageKey: 'message',
      formatters: { level: (label) => ({ level: label }) },
    },
    linesTo(format),
  );
  return {
    ...wrap(logger, gate),
    setLevel: (wanted) => {
      gate.lowest = ranks[wanted];
    },
  };
}

function linesTo(format: LogFormat): DestinationStream {
  const lines = destination({ fd: 2, sync: true });
  return format === 'json' ? lines : { write: (line) => void lines.write(textLine(line)) };
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, fatal: 4 };

/** `gate` is shared: pino's own levels are each child's own. */
function wrap(logger: Pino, gate: { readonly lowest: number }): Logger {
  const writer =
    (level: 'debug' | 'info' | 'warn' | 'error'): Logger['info'] =>
    (message, fields) => {
      if (ranks[level] >= gate.lowest) logger[level](plain(fields), message);
    };
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    child: (fields) => wrap(logger.child(plain(fields)), gate),
  };
}

function plain(fields: LogFields | undefined): object {
  if (fields?.error === undefined) return fields ?? {};
  const { error, ...rest } = fields;
  const chain: string[] = [];
  for (let cause: unknown = error; cause !== undefined && chain.length < 8; ) {
    chain.push(errorMessage(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return { ...rest, error: chain.join(': '), ...(error instanceof Error ? { stack: error.stack } : {}) };
}
