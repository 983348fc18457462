import type { IncomingMessage } from 'node:http';
import { CredentialsRefusedError, ForeignTokenServiceError, RegistryRefusedError } from '../errors.ts';
import type { RegistryHost } from '../hosts/registry-host.ts';
import type { RegistryAgents } from '../http/registry-agents.ts';
import { readBody, readProblem } from '../http/registry-answer.ts';
import { sendRequest } from '../http/registry-request.ts';
import type { RegistryCredentials } from '../remote-repository.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { belongsTo } from './token-service.ts';

export interface AuthorizerOptions {
  agents: RegistryAgents;
  credentials: RegistryCredentials;
  /** Hosts of token services that get credentials of any registry. */
  trustedTokenServices: readonly string[];
  /** How a token service on another host than the registry's is spoken to. */
  trustIn: (url: URL) => Promise<RegistryHost>;
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

  constructor(options: AuthorizerOptions) {
    this.#options = options;
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
    const { identitytoken } = this.#options.credentials;
    const pair = this.#pair(host);
    const hasCredentials = !host.isMirror && (identitytoken !== undefined || pair !== undefined);
    if (hasCredentials && !belongsTo(registry, realm, this.#options.trustedTokenServices)) {
      throw new ForeignTokenServiceError(registry.host, realm.origin);
    }
    const fields = { service: parameters.get('service') ?? '', scope };
    const trust = realm.host === registry.host ? host : await this.#options.trustIn(realm);
    const response =
      hasCredentials && identitytoken !== undefined
        ? await this.#refresh(trust, realm, { ...fields, identitytoken, signal })
        : await this.#ask(trust, realm, { ...fields, pair, signal });
    if (response.statusCode === 401 || response.statusCode === 403) {
      const { message } = await readProblem(response);
      throw new CredentialsRefusedError(realm.href, `Get "${realm.href}": unauthorized: ${message}`);
    }
    return await readToken(response, realm.href);
  }

  /** Docker's token protocol: `GET realm?service&scope`. */
  #ask(
    host: RegistryHost,
    realm: URL,
    ask: { service: string; scope: string; pair: string | undefined; signal: AbortSignal | undefined },
  ): Promise<IncomingMessage> {
    const url = new URL(realm);
    if (ask.service !== '') url.searchParams.set('service', ask.service);
    for (const scope of ask.scope.split(' ')) if (scope !== '') url.searchParams.append('scope', scope);
    const { username } = this.#options.credentials;
    if (ask.pair !== undefined && username !== undefined) url.searchParams.set('account', username);
    const headers: Record<string, string> = ask.pair === undefined ? {} : { Authorization: ask.pair };
    return sendRequest(this.#options.agents, host, { method: 'GET', url, headers, signal: ask.signal });
  }

  /** OAuth2 with a refresh token, which is what an identity token is. */
  #refresh(
    host: RegistryHost,
    realm: URL,
    ask: { service: string; scope: string; identitytoken: string; signal: AbortSignal | undefined },
  ): Promise<IncomingMessage> {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: ask.identitytoken,
      service: ask.service,
      client_id: clientId,
      scope: ask.scope,
    });
    return sendRequest(this.#options.agents, host, {
      method: 'POST',
      url: realm,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form.toString()),
      signal: ask.signal,
    });
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

async function readToken(response: IncomingMessage, url: string): Promise<Authorization> {
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
  const token = [fields['token'], fields['access_token']].find(
    (value) => typeof value === 'string' && value !== '',
  );
  if (typeof token !== 'string' || /[\r\n]/.test(token)) {
    throw new RegistryRefusedError(
      url,
      200,
      `${url}: authorization server did not include a token in the response`,
    );
  }
  const life = fields['expires_in'];
  const lifeSeconds = typeof life === 'number' && life > 0 ? life : defaultLifeSeconds;
  const lifeMs = Math.max(lifeSeconds, defaultLifeSeconds) * 1000;
  return { value: `Bearer ${token}`, endsAtMs: performance.now() + lifeMs - earlyMs };
}
