import { InvalidOptionError } from '../../errors.ts';

/**
 * `host:port`, `host` or `[::1]:port`. Throws `InvalidOptionError` in the words of Go's `net.SplitHostPort` where the
 * port is missing and there is no default, or is none.
 */
export function parseHostPort(text: string, defaultPort?: number): { host: string; port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) {
    const reason =
      text.replace(/\[.*\]/, '').split(':').length > 2 ? 'too many colons in address' : 'invalid port';
    throw new InvalidOptionError(`address ${text}: ${reason}`);
  }
  const [, bracketed, plain, port] = match;
  if (port === undefined && defaultPort === undefined) {
    throw new InvalidOptionError(`address ${text}: missing port in address`);
  }
  const number = Number(port ?? defaultPort);
  if (number > 65_535) throw new InvalidOptionError(`address ${text}: invalid port`);
  const host = bracketed ?? plain ?? '';
  return { host: host === '' ? 'localhost' : host, port: number };
}
