import type { GuardedRequest, GuardedResponse, RequestGuard } from '@gantry/http-api';
import { callPlugin, type PluginAnswer } from './call-plugin.ts';
import { AuthorizationDeniedError, AuthorizationFailedError } from './errors.ts';
import { findPlugin } from './find-plugin.ts';

export interface AuthorizationOptions {
  /** The plugins now in force, in the order in which they are asked. */
  names: () => readonly string[];
  /** Where their sockets are looked for first. */
  directory: string;
}

/**
 * Docker's authorization plugins: every one must allow a request (`AuthZPlugin.AuthZReq`) and then its answer
 * (`AuthZPlugin.AuthZRes`). One that cannot be asked allows nothing. Throws `AuthorizationDeniedError`,
 * `AuthorizationFailedError`.
 */
export class AuthorizationPlugins implements RequestGuard {
  readonly #options: AuthorizationOptions;
  /** Socket paths of those that said that they authorize. */
  readonly #activated = new Set<string>();

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  isActive(): boolean {
    return this.#options.names().length > 0;
  }

  async request(request: GuardedRequest): Promise<void> {
    for (const name of this.#options.names())
      await this.#ask(name, 'AuthZPlugin.AuthZReq', questionOf(request));
  }

  async response(request: GuardedRequest, { status, headers, body }: GuardedResponse): Promise<void> {
    const question = {
      ...questionOf(request),
      ResponseStatusCode: status,
      ResponseHeaders: headers,
      ResponseBody: Buffer.from(body).toString('base64'),
    };
    // The other way round, as Docker does: the last to allow the request sees its answer first.
    for (const name of this.#options.names().toReversed())
      await this.#ask(name, 'AuthZPlugin.AuthZRes', question);
  }

  async #ask(name: string, method: string, question: object): Promise<void> {
    const plugin = { name, socketPath: findPlugin(name, this.#options.directory) };
    await this.#activate(plugin);
    const { Allow, Msg, Err } = (await callPlugin(plugin, method, question)) as PluginAnswer;
    if (Err) throw new AuthorizationFailedError(name, Err);
    if (Allow !== true) throw new AuthorizationDeniedError(name, Msg ?? '');
  }

  async #activate(plugin: { name: string; socketPath: string }): Promise<void> {
    if (this.#activated.has(plugin.socketPath)) return;
    const { Implements: roles } = await callPlugin(plugin, 'Plugin.Activate', {});
    if (!Array.isArray(roles) || !roles.includes('authz')) {
      throw new AuthorizationFailedError(
        plugin.name,
        'plugin does not implement the requested driver: authz',
      );
    }
    this.#activated.add(plugin.socketPath);
  }
}

/** Docker's names; bodies are base64, as Go writes bytes. */
function questionOf(request: GuardedRequest): Record<string, unknown> {
  return {
    User: request.user,
    UserAuthNMethod: request.user === '' ? '' : 'TLS',
    RequestMethod: request.method,
    RequestUri: request.uri,
    RequestHeaders: request.headers,
    RequestBody: Buffer.from(request.body).toString('base64'),
    ...(request.peerCertificates.length > 0 && {
      RequestPeerCertificates: request.peerCertificates.map((pem) => Buffer.from(pem).toString('base64')),
    }),
  };
}
