import type { IncomingMessage } from 'node:http';
import { CredentialsRefusedError, ForeignTokenServiceError, RegistryRefusedError } from '../errors.ts';
import type { RegistryHost } from '../hosts/registry-host.ts';
import type { RegistryAgents } from '../http/registry-agents.ts';
import { readBody, readProblem } from '../http/registry-answer.ts';
import { type RegistryRequest, sendRequest } from '../http/registry-request.ts';
import type { RegistryCredentials } from '../remote-repository.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { belongsTo } from './token-service.ts';

export interface AuthorizerOptions {
  agents: RegistryAgents;
  userAgent: string;
  credentials: RegistryCredentials;
  /** Hosts of token services that get credentials of any registry. */
  trustedTokenServices: readonly string[];
  /** How a token service on another host than the registry's is spoken to. */
  trustIn: (url: URL) => Promise<RegistryHost>;
  /** Ask token services for a refresh token too, to be kept in the place of the password. */
  offline?: boolean;
}

interface Ask {
  service: string;
  scope: string;
  signal: AbortSignal | undefined;
}

const clientId = 'gantry';
const maxTokenBytes = 1 << 20;
/** The spec's default where a token has no age of its own. */
const defaultLifeSeconds = 60;
/** A token is renewed so long before its end: clocks differ, and a request takes time. */
const earlyMs = 10_000;

interface Authorization {
  value: string;
  /** `performance.now()` at which it is not used any more. */
  endsAtMs: number;
}

/** The `Authorization` of requests to one registry, by scope: what its challenges ask for, kept until it ends. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #known = new Map<string, Authorization>();
  #identityToken: string | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#identityToken = options.credentials.identitytoken;
  }

  /** The refresh token that was given, or the last one that a token service gave. Never logged. */
  get identityToken(): string | undefined {
    return this.#identityToken;
  }

  /** What is known to be asked for, or undefined. */
  header(host: RegistryHost, scope: string): string | undefined {
    const { registrytoken } = this.#options.credentials;
    if (registrytoken !== undefined && !host.isMirror) return `Bearer ${registrytoken}`;
    const known = this.#known.get(keyOf(host, scope));
    return known !== undefined && known.endsAtMs > performance.now() ? known.value : undefined;
  }

  /**
   * Answers a 401 to a request that was sent with `used`: gets a token, or takes the user and password, unless somebody else
   * has done so meanwhile. False when there is nothing (more) to try. Throws
   * `CredentialsRefusedError`, `ForeignTokenServiceError`, and what `sendRequest` throws.
   */
  async answer(
    host: RegistryHost,
    scope: string,
    {
      response,
      used,
      signal,
    }: { response: IncomingMessage; used: string | undefined; signal?: AbortSignal | undefined },
  ): Promise<boolean> {
    const key = keyOf(host, scope);
    const known = this.header(host, scope);
    if (known !== undefined && known !== used) return true;
    const challenges = parseChallenges(response.headers['www-authenticate']);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const next =
      bearer === undefined
        ? this.#basic(host, challenges)
        : await this.#token(host, bearer, { scope, signal });
    if (next === undefined || next.value === used) return false;
    this.#known.set(key, next);
    return true;
  }

  #basic(host: RegistryHost, challenges: readonly Challenge[]): Authorization | undefined {
    const pair = this.#pair(host);
    if (pair === undefined || !challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
    return { value: pair, endsAtMs: Number.POSITIVE_INFINITY };
  }

  async #token(
    host: RegistryHost,
    { parameters }: Challenge,
    { scope, signal }: { scope: string; signal: AbortSignal | undefined },
  ): Promise<Authorization | undefined> {
    const registry = new URL(host.baseUrl);
    const realm = URL.parse(parameters.get('realm') ?? '');
    if (realm === null || !['http:', 'https:'].includes(realm.protocol)) return undefined;
    const pair = this.#pair(host);
    const identityToken = host.isMirror ? undefined : this.#identityToken;
    const hasCredentials = identityToken !== undefined || pair !== undefined;
    if (hasCredentials && !belongsTo(registry, realm, this.#options.trustedTokenServices)) {
      throw new ForeignTokenServiceError(registry.host, realm.origin);
    }
    const ask = { service: parameters.get('service') ?? '', scope, signal };
    const trust = realm.host === registry.host ? host : await this.#options.trustIn(realm);
    const response =
      identityToken === undefined
        ? await this.#ask(trust, realm, { ...ask, pair })
        : await this.#grant(trust, realm, ask, {
            grant_type: 'refresh_token',
            refresh_token: identityToken,
          });
    if (response.statusCode === 401 || response.statusCode === 403) {
      const { message } = await readProblem(response);
      throw new CredentialsRefusedError(realm.href, `Get "${realm.href}": unauthorized: ${message}`);
    }
    const { refreshToken, ...authorization } = await readToken(response, realm.href);
    if (refreshToken !== undefined && hasCredentials) this.#identityToken = refreshToken;
    return authorization;
  }

  /** Docker's token protocol: `GET realm?service&scope`. A service that knows only OAuth2 is asked as that has it. */
  async #ask(
    host: RegistryHost,
    realm: URL,
    ask: Ask & { pair: string | undefined },
  ): Promise<IncomingMessage> {
    const { credentials, offline = false } = this.#options;
    const { username, password } = ask.pair === undefined ? {} : credentials;
    const url = new URL(realm);
    if (ask.service !== '') url.searchParams.set('service', ask.service);
    for (const scope of ask.scope.split(' ')) if (scope !== '') url.searchParams.append('scope', scope);
    if (username !== undefined) url.searchParams.set('account', username);
    if (offline) {
      url.searchParams.set('offline_token', 'true');
      url.searchParams.set('client_id', clientId);
    }
    const headers: Record<string, string> = ask.pair === undefined ? {} : { Authorization: ask.pair };
    const response = await this.#send(host, { method: 'GET', url, headers, signal: ask.signal });
    const isOther = response.statusCode === 404 || response.statusCode === 405;
    if (!isOther || username === undefined || password === undefined) return response;
    response.resume();
    return this.#grant(host, realm, ask, {
      grant_type: 'password',
      username,
      password,
      access_type: offline ? 'offline' : 'online',
    });
  }

  /** OAuth2 (RFC 6749): by a password, or by a refresh token, which is what an identity token is. */
  #grant(
    host: RegistryHost,
    realm: URL,
    { service, scope, signal }: Ask,
    grant: Readonly<Record<string, string>>,
  ): Promise<IncomingMessage> {
    const form = new URLSearchParams({ ...grant, service, client_id: clientId, scope });
    return this.#send(host, {
      method: 'POST',
      url: realm,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form.toString()),
      signal,
    });
  }

  #send(host: RegistryHost, request: RegistryRequest): Promise<IncomingMessage> {
    const { agents, userAgent } = this.#options;
    const headers = { 'User-Agent': userAgent, ...request.headers };
    return sendRequest(agents, host, { ...request, headers });
  }

  /** A mirror is another's host: the registry's credentials are not for it. */
  #pair({ isMirror }: RegistryHost): string | undefined {
    const { username, password } = this.#options.credentials;
    if (isMirror || username === undefined || password === undefined) return undefined;
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
}

function keyOf({ baseUrl }: RegistryHost, scope: string): string {
  return `${baseUrl} ${scope}`;
}

async function readToken(
  response: IncomingMessage,
  url: string,
): Promise<Authorization & { refreshToken?: string }> {
  if (response.statusCode !== 200) {
    throw new RegistryRefusedError(
      url,
      response.statusCode ?? 0,
      `${url}: ${(await readProblem(response)).message}`,
    );
  }
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse((await readBody(response, url, maxTokenBytes)).toString()) as Record<string, unknown>;
  } catch {
    throw new RegistryRefusedError(url, 200, `${url}: the token service's answer is not JSON`);
  }
  const token = tokenIn(fields, 'token') ?? tokenIn(fields, 'access_token');
  if (token === undefined) {
    throw new RegistryRefusedError(
      url,
      200,
      `${url}: authorization server did not include a token in the response`,
    );
  }
  const life = fields['expires_in'];
  const lifeSeconds = typeof life === 'number' && life > 0 ? life : defaultLifeSeconds;
  const lifeMs = Math.max(lifeSeconds, defaultLifeSeconds) * 1000;
  const refreshToken = tokenIn(fields, 'refresh_token');
  return {
    value: `Bearer ${token}`,
    endsAtMs: performance.now() + lifeMs - earlyMs,
    ...(refreshToken === undefined ? {} : { refreshToken }),
  };
}

/** A token goes into a header: it has no line ends. */
function tokenIn(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' && !/[\r\n]/.test(value) ? value : undefined;
}
