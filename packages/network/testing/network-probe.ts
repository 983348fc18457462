import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { withNetworkNamespace } from '@gantry/kernel';

/** Where a request goes and from where; without a namespace, from this process's. */
export interface Question {
  from?: string;
  protocol?: 'tcp' | 'udp';
  address: string;
  port: number;
  timeoutMs?: number;
}

const client = path.join(import.meta.dirname, 'ask.ts');

/** The answer, which is the address that the server saw; undefined when there is none in time. */
export async function ask({
  from,
  protocol = 'tcp',
  address,
  port,
  timeoutMs = 10_000,
}: Question): Promise<string | undefined> {
  const run = (): { done: ReturnType<typeof execute> } => ({
    done: execute(process.execPath, [client, protocol, address, String(port), String(timeoutMs)]),
  });
  const { done } = from === undefined ? run() : withNetworkNamespace(from, run);
  try {
    return String((await done).stdout);
  } catch {
    return undefined;
  }
}

/** Serves a port inside the namespace; each client is told the address that it comes from. */
export function serve(namespacePath: string, protocol: 'tcp' | 'udp', port: number): Disposable {
  return withNetworkNamespace(namespacePath, () => (protocol === 'tcp' ? serveTcp(port) : serveUdp(port)));
}

const execute = promisify(execFile);

function serveTcp(port: number): Disposable {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end((socket.remoteAddress ?? '').replace('::ffff:', ''));
  });
  // Without a host name there is nothing to look up, and the socket is bound before this returns.
  server.listen(port);
  return { [Symbol.dispose]: () => void server.close() };
}

function serveUdp(port: number): Disposable {
  // A look-up that answers at once, so that the socket is bound before this returns.
  const socket = createSocket({
    type: 'udp6',
    lookup: (address, _options, callback) => callback(null, address, 6),
  });
  socket.on('message', (_message, { address, port: clientPort }) =>
    socket.send(address.replace('::ffff:', ''), clientPort, address),
  );
  socket.bind(port);
  return { [Symbol.dispose]: () => void socket.close() };
}
