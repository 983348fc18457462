import type net from 'node:net';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { errorMessage } from '@gantry/base';
import { ListenError } from '../errors.ts';
import type { BoundAddress, FileDescriptorAddress, TcpAddress, TlsIdentity } from './listen-address.ts';

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

/** Listens on a TCP address. Throws `ListenError` when it is taken or not ours. */
export async function listenOnTcp(server: net.Server, { host, port }: TcpAddress): Promise<BoundAddress> {
  await listening(server, () => server.listen({ host, port }), `${host}:${port}`);
  return boundAddress(server);
}

/** Takes over an inherited listening socket. A TCP one must have been allowed; it is let go before anything is accepted. */
export async function listenOnDescriptor(
  server: net.Server,
  address: FileDescriptorAddress,
): Promise<BoundAddress> {
  const where = `file descriptor ${address.fd}`;
  await listening(
    server,
    () => {
      server.listen({ fd: address.fd });
      if (typeof server.address() === 'object' && server.address() !== null)
        requireAuthentication(address, where);
    },
    where,
  );
  return boundAddress(server);
}

function listening(server: net.Server, start: () => void, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void =>
      reject(
        new ListenError(
          error.code === 'EADDRINUSE' ? 'conflict' : 'invalid',
          error.code === 'EADDRINUSE' ? 'socket-in-use' : 'bad-listener',
          `cannot listen on ${where}: ${error.message}`,
          { cause: error },
        ),
      );
    server.once('error', onError);
    server.once('listening', () => {
      server.off('error', onError);
      resolve();
    });
    try {
      start();
    } catch (error) {
      server.close();
      reject(error);
    }
  });
}

function boundAddress(server: net.Server): BoundAddress {
  const address = server.address();
  if (address === null) return {};
  return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port };
}
