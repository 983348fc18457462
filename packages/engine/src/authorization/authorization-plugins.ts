import { errorMessage } from '@gantry/base';
import type { GuardedRequest, GuardedResponse, RequestGuard } from '@gantry/http-api';
import { PluginClient, type PluginDirectories } from '@gantry/plugins';
import { AuthorizationDeniedError, AuthorizationFailedError } from './errors.ts';

export interface AuthorizationOptions {
  /** The plugins now in force, in the order in which they are asked. */
  names: () => readonly string[];
  directories: PluginDirectories;
}

/**
 * Docker's authorization plugins: every one must allow a request (`AuthZPlugin.AuthZReq`) and then its answer
 * (`AuthZPlugin.AuthZRes`). One that cannot be asked allows nothing. Throws `AuthorizationDeniedError`,
 * `AuthorizationFailedError`.
 */
export class AuthorizationPlugins implements RequestGuard {
  readonly #options: AuthorizationOptions;
  readonly #clients = new Map<string, PluginClient>();

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
    const { Allow, Msg, Err } = await this.#call(name, method, question);
    if (Err) throw new AuthorizationFailedError(name, typeof Err === 'string' ? Err : JSON.stringify(Err));
    if (Allow !== true) throw new AuthorizationDeniedError(name, typeof Msg === 'string' ? Msg : '');
  }

  async #call(name: string, method: string, question: object): Promise<PluginAnswer> {
    try {
      return await this.#client(name).call('authz', method, question);
    } catch (error) {
      throw new AuthorizationFailedError(name, errorMessage(error), error);
    }
  }

  #client(name: string): PluginClient {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const client = new PluginClient(name, { address: () => this.#options.directories.find(name) });
    this.#clients.set(name, client);
    return client;
  }
}

/** What a plugin says to a question about a request, if it keeps to the protocol. */
interface PluginAnswer {
  Allow?: unknown;
  Msg?: unknown;
  Err?: unknown;
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
