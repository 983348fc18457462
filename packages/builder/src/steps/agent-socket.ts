import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { Directory } from '@gantry/kernel';
import type { AgentConnection } from '../build-client.ts';
import type { SecretFile } from './secret-files.ts';

export interface AgentSocketOptions {
  /** On the host; its directory is there, and nothing at its place. */
  readonly path: string;
  readonly owner: SecretFile;
  /** Undefined: the connection is closed at once. */
  readonly connect: () => Promise<AgentConnection | undefined>;
}

/** A socket on the host behind which an agent of the client's stands; a connection each. Disposing ends all of them. */
export async function openAgentSocket(options: AgentSocketOptions): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    void forward(socket, options.connect).catch(() => socket.destroy());
  });
  // Paths of sockets are short (sun_path, unix(7)): the directory is named by its descriptor.
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(Directory.openPath(path.dirname(options.path)));
  server.listen(path.join(directory.path, path.basename(options.path)));
  await once(server, 'listening');
  const { mode, uid, gid } = options.owner;
  chownSync(options.path, uid, gid);
  chmodSync(options.path, mode);
  opened.defer(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  return opened.move();
}

async function forward(socket: Socket, connect: AgentSocketOptions['connect']): Promise<void> {
  await using agent = await connect();
  if (agent === undefined) {
    socket.destroy();
    return;
  }
  const answers = async (): Promise<void> => {
    for await (const data of agent.output) if (!socket.write(data)) await once(socket, 'drain');
    socket.end();
  };
  const questions = async (): Promise<void> => {
    for await (const data of socket) await agent.write(data as Uint8Array);
    await agent.end();
  };
  await Promise.all([answers(), questions()]);
}
