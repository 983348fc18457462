import type { IncomingMessage } from 'node:http';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import type { Authorizer } from '../auth/authorizer.ts';
import { RegistryUnreachableError, TooManyRequestsError } from '../errors.ts';
import type { RegistryHost } from '../hosts/registry-host.ts';
import type { RegistryAgents } from '../http/registry-agents.ts';
import { readProblem, retryAfterMs } from '../http/registry-answer.ts';
import { type RegistryRequest, sendRequest } from '../http/registry-request.ts';
import type { RangeSettings } from './ranged-blob.ts';

export interface RegistryConnectionOptions {
  /** In the order of asking; at least one. */
  hosts: readonly RegistryHost[];
  agents: RegistryAgents;
  authorizer: Authorizer;
  userAgent: string;
  clock: Clock;
  logger: Logger;
  maxAttempts: number;
  ranges: RangeSettings;
}

export interface RepositoryRequest {
  method: RegistryRequest['method'];
  /** Below `/v2/`; from the host's root with a slash in front; or an absolute address that the registry gave (an upload's). */
  path: string | URL;
  /** `repository:library/debian:pull`, several separated by spaces. */
  scope: string;
  headers?: Readonly<Record<string, string>>;
  /** A body that can be given once more for the next try. */
  body?: () => Uint8Array | AsyncIterable<Uint8Array>;
  signal?: AbortSignal | undefined;
  /** What a tag stands for is asked: not every host of a registry may say. */
  resolvesTag?: boolean;
}

/** An answer, and which host gave it. */
export interface RegistryAnswer {
  response: IncomingMessage;
  status: number;
  host: RegistryHost;
  url: URL;
}

const firstDelayMs = 250;
const longestDelayMs = 15_000;
/** Longer waits that a registry asks for are not waited for. */
const longestRetryAfterMs = 60_000;

/**
 * Asks the hosts of a registry one after the other, with the authorization that they want, and tries again what may pass: no
 * connection, 429, 502, 503, 504. The host that answered is the one that is asked from then on, unless it is a mirror.
 */
export class RegistryConnection {
  readonly #options: RegistryConnectionOptions;
  #hosts: readonly RegistryHost[];

  constructor(options: RegistryConnectionOptions) {
    this.#options = options;
    this.#hosts = options.hosts;
  }

  get maxAttempts(): number {
    return this.#options.maxAttempts;
  }

  get ranges(): RangeSettings {
    return this.#options.ranges;
  }

  /**
   * The answer of the first host that has one; a mirror's only if it is a success. Throws `RegistryUnreachableError`,
   * `TooManyRequestsError`, what authorization throws, the reason of an aborted signal.
   */
  async ask(request: RepositoryRequest): Promise<RegistryAnswer> {
    let failure: unknown;
    for (const host of this.#hostsFor(request)) {
      try {
        const answer = await this.#askHost(host, request);
        if (!host.isMirror || answer.status < 400) {
          this.#hosts = this.#hosts.filter((other) => !isOtherWayTo(host, other));
          return answer;
        }
        answer.response.resume();
      } catch (error) {
        request.signal?.throwIfAborted();
        // The first one is the one to tell: of an insecure registry, https's.
        failure ??= error;
        if (!host.isMirror && !(error instanceof RegistryUnreachableError)) throw error;
        this.#options.logger.debug('a host of the registry does not serve', {
          host: host.baseUrl,
          error: errorMessage(error),
        });
      }
    }
    throw failure ?? new RegistryUnreachableError(String(request.path), 'no host of hosts.toml is for that');
  }

  /** Waits before try number `attempt` + 1. */
  async pause(attempt: number, signal?: AbortSignal, leastMs = 0): Promise<void> {
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
    await this.#options.clock.sleep(Math.max(leastMs, delayMs), signal);
  }

  #hostsFor({ resolvesTag = false }: RepositoryRequest): readonly RegistryHost[] {
    return this.#hosts.filter((host) => (resolvesTag ? host.resolvesTags : host.servesContent));
  }

  async #askHost(host: RegistryHost, request: RepositoryRequest): Promise<RegistryAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt >= this.#options.maxAttempts;
      let leastMs = 0;
      try {
        const answer = await this.#authorized(host, request);
        if (![429, 502, 503, 504].includes(answer.status)) return answer;
        const wantedMs = retryAfterMs(answer.response, this.#options.clock.now());
        if (isLast || (wantedMs ?? 0) > longestRetryAfterMs) return await refuseLimited(answer, wantedMs);
        answer.response.resume();
        leastMs = wantedMs ?? 0;
      } catch (error) {
        // Nobody listens there: the next host may.
        const isPassing = error instanceof RegistryUnreachableError && isBrokenConnection(error.cause);
        if (isLast || !isPassing) throw error;
      }
      await this.pause(attempt, request.signal, leastMs);
    }
  }

  async #authorized(host: RegistryHost, request: RepositoryRequest): Promise<RegistryAnswer> {
    const { authorizer, agents, userAgent } = this.#options;
    const { method, path, scope, headers = {}, body, signal } = request;
    const url = addressOf(host, path);
    // A token that has just ended, and then what a fresh one is refused for.
    for (let tries = 1; ; tries += 1) {
      const isOwn = url.origin === new URL(host.baseUrl).origin;
      const authorization = isOwn ? authorizer.header(host, scope) : undefined;
      const response = await sendRequest(agents, host, {
        method,
        url,
        headers: {
          'User-Agent': userAgent,
          ...(isOwn ? host.headers : {}),
          ...headers,
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        },
        ...(body === undefined ? {} : { body: body() }),
        signal,
      });
      const status = response.statusCode ?? 0;
      if (
        status !== 401 ||
        tries > 2 ||
        !(await authorizer.answer(host, scope, { response, used: authorization, signal }))
      ) {
        return { response, status, host, url };
      }
      response.resume();
    }
  }
}

/** An insecure registry is asked by https and by http; once one of them answers, that is it. */
function isOtherWayTo(host: RegistryHost, other: RegistryHost): boolean {
  const [one, two] = [new URL(host.baseUrl), new URL(other.baseUrl)];
  return one.host === two.host && one.protocol !== two.protocol;
}

function addressOf({ baseUrl, apiPath }: RegistryHost, path: string | URL): URL {
  if (path instanceof URL) return path;
  return new URL(path.startsWith('/') ? `${baseUrl}${path}` : `${baseUrl}${apiPath}/${path}`);
}

async function refuseLimited(answer: RegistryAnswer, wantedMs: number | undefined): Promise<RegistryAnswer> {
  if (answer.status !== 429) return answer;
  const { message } = await readProblem(answer.response);
  throw new TooManyRequestsError(message, wantedMs);
}

/** An answer was on its way. A refused connection, an unknown name and TLS's errors stay. */
function isBrokenConnection(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(String(code));
}
