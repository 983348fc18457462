import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { silentLogger } from '@gantry/base';
import { health, implement, type ServiceTable, serveGrpc } from '@gantry/buildkit';
import type { ApiClient } from '@gantry/client';

const serving = 1;

/** What a build may ask of this side, for as long as it lasts. */
export class BuildSession implements AsyncDisposable {
  readonly id: string;
  readonly #connection: ReturnType<typeof serveGrpc>;

  private constructor(id: string, connection: ReturnType<typeof serveGrpc>) {
    this.id = id;
    this.#connection = connection;
  }

  /**
   * Offers `services` to the engine. By `sharedKey` it finds again what it kept of the same directories in an earlier build. Rejects as
   * `ApiClient` does.
   */
  static async open(
    client: ApiClient,
    services: readonly ServiceTable[],
    options: { sharedKey: string; signal: AbortSignal },
  ): Promise<BuildSession> {
    const id = randomBytes(16).toString('hex');
    const tables = [...services, implement(health.Health, { check: () => ({ status: serving }) })];
    const headers = {
      'X-Docker-Expose-Session-Uuid': id,
      'X-Docker-Expose-Session-Sharedkey': options.sharedKey,
      'X-Docker-Expose-Session-Grpc-Method': tables.flatMap((table) => [...table.keys()]),
    };
    const request = { method: 'POST', path: '/session', headers, signal: options.signal } as const;
    const socket: Socket = await client.upgrade(request, 'h2c');
    return new BuildSession(id, serveGrpc(socket, { services: tables, logger: silentLogger }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    await this.#connection.closed;
  }
}
