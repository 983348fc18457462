import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

/** JSON, `silence` (the connection is cut), or raw bytes with a status. */
export type PluginReply = object | 'silence' | { status: number; text: string };

/** A plugin on a unix socket, which keeps what it was asked. Disposing it ends it, and takes its socket away. */
export class FakePlugin implements AsyncDisposable {
  readonly asked: { method: string; question: Record<string, unknown> }[] = [];
  readonly socketPath: string;
  /** Answers everything but the handshake, and that too where it does not return undefined. */
  reply: (
    method: string,
    question: Record<string, unknown>,
  ) => PluginReply | undefined | Promise<PluginReply | undefined>;
  readonly #roles: readonly string[];
  #server: http.Server | undefined;

  private constructor(socketPath: string, roles: readonly string[], reply: FakePlugin['reply']) {
    this.socketPath = socketPath;
    this.#roles = roles;
    this.reply = reply;
  }

  static async start(
    socketPath: string,
    roles: readonly string[],
    reply: FakePlugin['reply'],
  ): Promise<FakePlugin> {
    const plugin = new FakePlugin(socketPath, roles, reply);
    await plugin.listen();
    return plugin;
  }

  /** Methods that were asked, in order. */
  get methods(): string[] {
    return this.asked.map(({ method }) => method);
  }

  /** Again, after `stop`. */
  async listen(): Promise<void> {
    mkdirSync(path.dirname(this.socketPath), { recursive: true });
    this.#server = http.createServer((request, response) => void this.#answer(request, response));
    await once(this.#server.listen(this.socketPath), 'listening');
  }

  async stop(): Promise<void> {
    if (this.#server === undefined) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    this.#server = undefined;
    await closed;
    rmSync(this.socketPath, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const method = request.url?.slice(1) ?? '';
    const body = Buffer.concat(chunks).toString();
    const question = (body === '' ? {} : JSON.parse(body)) as Record<string, unknown>;
    this.asked.push({ method, question });
    const handshake = method === 'Plugin.Activate' ? { Implements: this.#roles } : undefined;
    const said = (await this.reply(method, question)) ?? handshake ?? { status: 404, text: 'no such method' };
    if (said === 'silence') request.socket.destroy();
    else if ('text' in said && 'status' in said) response.writeHead(Number(said.status)).end(said.text);
    else response.end(JSON.stringify(said));
  }
}
