/** Fixed field names, so that one search finds every line about an object. */
export interface LogFields {
  component?: string;
  containerId?: string;
  execId?: string;
  imageRef?: string;
  networkId?: string;
  volumeName?: string;
  digest?: string;
  requestId?: string;
  error?: unknown;
  [field: string]: unknown;
}

/** Writes structured lines; never throws, never blocks. An error is logged once, where it is handled. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
}

/** Drops everything: the default of embedded engines and tests. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
