import { errorMessage, type LogFields, type Logger } from '@gantry/base';
import { destination, type Logger as Pino, pino } from 'pino';
import type { LogLevel } from './config.ts';

/** JSON lines on stderr, written synchronously so that none is lost when the process dies. */
export function openLogger(level: LogLevel): Logger {
  return wrap(
    pino(
      {
        level,
        base: { pid: process.pid },
        timestamp: () => `,"time":"${new Date().toISOString()}"`,
        messageKey: 'message',
        formatters: { level: (label) => ({ level: label }) },
      },
      destination({ fd: 2, sync: true }),
    ),
  );
}

function wrap(logger: Pino): Logger {
  return {
    debug: (message, fields) => logger.debug(plain(fields), message),
    info: (message, fields) => logger.info(plain(fields), message),
    warn: (message, fields) => logger.warn(plain(fields), message),
    error: (message, fields) => logger.error(plain(fields), message),
    child: (fields) => wrap(logger.child(plain(fields))),
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
