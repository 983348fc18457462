import { connect, createServer, type Socket } from 'node:net';

/** A socket in front of an engine's, which counts what clients send. */
export interface CountingProxy extends AsyncDisposable {
  readonly socketPath: string;
  /** Bytes from clients since the last call. */
  take(): number;
}

/** Disposing it closes its connections. */
export async function startCountingProxy(socketPath: string, target: string): Promise<CountingProxy> {
  let sentBytes = 0;
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const engine = connect({ path: target, allowHalfOpen: true });
    for (const socket of [client, engine]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => open.delete(socket));
    }
    client.on('data', (data) => (sentBytes += data.length));
    client.once('close', () => engine.destroy());
    engine.once('close', () => client.destroy());
    client.pipe(engine);
    engine.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    take: () => {
      const taken = sentBytes;
      sentBytes = 0;
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
