import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { TlsSettings } from './address.ts';

/** A TLS connection that emits `secureConnect`. In a module of its own, since `node:tls` is slow to load. */
export function connectTls(host: string, port: number, settings: TlsSettings): TLSSocket {
  return connect({
    host,
    port,
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: settings.verify,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    ...(settings.cert === undefined ? {} : { cert: settings.cert }),
    ...(settings.key === undefined ? {} : { key: settings.key }),
  });
}
