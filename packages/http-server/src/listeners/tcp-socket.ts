import type net from 'node:net';
import { ListenError } from '../errors.ts';
import type { BoundAddress } from './listen-place.ts';

/** Listens on a TCP address. Throws `ListenError` when it is taken or not ours. */
export async function listenOnTcp(
  server: net.Server,
  { host, port }: { host: string; port: number },
): Promise<BoundAddress> {
  await listening(server, () => server.listen({ host, port }), `${host}:${port}`);
  return boundAddress(server);
}

/** Takes over an inherited listening socket. `checkTcp` may refuse one that is TCP, before anything is accepted. */
export async function listenOnDescriptor(
  server: net.Server,
  fd: number,
  checkTcp: (where: string) => void,
): Promise<BoundAddress> {
  const where = `file descriptor ${fd}`;
  await listening(
    server,
    () => {
      server.listen({ fd });
      if (typeof server.address() === 'object' && server.address() !== null) checkTcp(where);
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
