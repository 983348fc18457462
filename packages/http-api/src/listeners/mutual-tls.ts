import { createSecureContext, type TlsOptions } from 'node:tls';
import { errorMessage } from '@gantry/base';
import { ListenError } from '@gantry/http-server';
import type { TlsIdentity } from './listen-address.ts';

/** TLS that admits only clients whose certificate the authority signed. Throws `ListenError` for an identity that is incomplete or cannot be read. */
export function mutualTls({ ca, cert, key }: TlsIdentity): TlsOptions {
  if (ca === '' || cert === '' || key === '') {
    throw new ListenError('invalid', 'bad-listener', 'mutual TLS needs a CA, a certificate and a key');
  }
  try {
    createSecureContext({ ca, cert, key });
  } catch (error) {
    throw new ListenError('invalid', 'bad-listener', `TLS identity cannot be used: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  return { ca, cert, key, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' };
}

/** Throws `ListenError` for TCP that anybody may use, unless that was asked for in so many words. */
export function requireAuthentication(
  address: { tls?: TlsIdentity; allowUnauthenticated?: boolean },
  where: string,
): void {
  if (address.tls !== undefined || address.allowUnauthenticated === true) return;
  throw new ListenError(
    'invalid',
    'insecure-listener',
    `refusing to listen on ${where} without mutual TLS: whoever reaches it would be root on this machine; give a CA, a certificate and a key, or allow unauthenticated access explicitly`,
  );
}
