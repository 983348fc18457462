import type { Socket } from 'node:net';
import { type EngineAddress, formatAddress, type SshAddress } from './address.ts';
import type { Connection } from './connection.ts';
import { ConnectionFailedError } from './errors.ts';
import { connectPipe } from './pipe-connection.ts';

/**
 * Opens a connection; the caller closes it. The socket stays open for writing after the other side has ended
 * (half-close), and is not read from yet. Rejects with `ConnectionFailedError`, or with the signal's reason.
 */
export async function openSocket(address: EngineAddress, signal?: AbortSignal): Promise<Socket> {
  signal?.throwIfAborted();
  const { socket, readyEvent } = await startConnecting(address);
  if (readyEvent === undefined) return socket;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => fail(signal?.reason as Error);
    const fail = (error: Error): void => {
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onError = (error: NodeJS.ErrnoException): void =>
      fail(new ConnectionFailedError(formatAddress(address), error.code ?? error.message, error));
    socket.once('error', onError);
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once(readyEvent, () => {
      socket.off('error', onError);
      signal?.removeEventListener('abort', onAbort);
      resolve(socket);
    });
  });
}

/** True when `connectPlain` can reach it. */
export function isPlain(address: EngineAddress): address is PlainAddress {
  return address.kind === 'unix' || (address.kind === 'tcp' && address.tls === undefined);
}

/** An engine that a socket reaches by itself. */
export type PlainAddress = Exclude<EngineAddress, SshAddress>;

/** Begins to connect, without TLS: what is written is sent when the connection is there, and `error` tells when it fails. */
export function connectPlain(address: PlainAddress): Connection {
  const pipe = address.kind === 'unix' ? connectPipe(address.path) : undefined;
  return pipe ?? connectSocket(address);
}

/** As `connectPlain`, by a socket of Node's own. */
export function connectSocket(address: PlainAddress): Socket {
  // Loaded when it is needed: it takes 3 ms.
  const { connect } = process.getBuiltinModule('node:net');
  if (address.kind === 'unix') return connect({ path: address.path, allowHalfOpen: true });
  return connect({ host: address.host, port: address.port, allowHalfOpen: true, noDelay: true });
}

async function startConnecting(
  address: EngineAddress,
): Promise<{ socket: Socket; readyEvent: string | undefined }> {
  if (address.kind === 'ssh') {
    const { connectSsh } = await import('./ssh-socket.ts');
    return { socket: await connectSsh(address), readyEvent: undefined };
  }
  if (address.kind === 'unix' || address.tls === undefined) {
    return { socket: connectSocket(address), readyEvent: 'connect' };
  }
  const { connectTls } = await import('./tls-socket.ts');
  return { socket: connectTls(address.host, address.port, address.tls), readyEvent: 'secureConnect' };
}
