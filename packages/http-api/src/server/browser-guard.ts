import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { BrowserRefusedError } from '../errors.ts';

/**
 * Refuses what a foreign web page makes a browser send: a request whose `Origin` is another host (CSRF), one that the
 * browser itself calls cross-site, and one to a host name that a hostile DNS server may have pointed at us (rebinding).
 * Engine clients send none of these headers, so nothing that is not a browser is ever refused.
 */
export function refuseBrowsers({ headers }: IncomingMessage): void {
  const { origin, host = '' } = headers;
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) {
    throw new BrowserRefusedError('it comes from another site');
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new BrowserRefusedError('it comes from another site');
  }
  const isBrowser = origin !== undefined || headers['user-agent']?.startsWith('Mozilla/') === true;
  if (isBrowser && !isOwnName(host))
    throw new BrowserRefusedError(`host name '${host.slice(0, 128)}' may be forged`);
}

function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host.toLowerCase();
}

/** An address cannot be rebound, nor can localhost. */
function isOwnName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return isIP(name) !== 0 || name === 'localhost';
}
