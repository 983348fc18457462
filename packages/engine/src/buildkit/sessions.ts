import type { IncomingHttpHeaders } from 'node:http2';
import type { Duplex } from 'node:stream';
import { EngineError } from '@gantry/base';
import { GrpcClient, type Method } from '@gantry/buildkit';
import type { SessionOffer } from '@gantry/http-api';
import { AwaitedMap } from './awaited-map.ts';

/** A client's connection on which the engine asks it for what its builds need. */
export interface BuildSession {
  readonly id: string;
  readonly sharedKey: string;
  /** Calls what the client offers. */
  readonly calls: GrpcClient;
  offers(method: Pick<Method<object, object>, 'path'>): boolean;
}

/** A build names a session that nobody has opened, or that is over. The message is BuildKit's. */
export class NoSessionError extends EngineError {
  override readonly name = 'NoSessionError';
  constructor(id: string) {
    super('unavailable', 'build-session-missing', `no active session for ${id}: context deadline exceeded`, {
      details: { id },
    });
  }
}

/** How long a build waits for its session: clients open both at once. */
const sessionWaitMs = 5000;

/** The sessions that are open, by id. */
export class BuildSessions {
  readonly #sessions = new AwaitedMap<BuildSession>();

  /** Resolves when the session is over. */
  async accept(socket: Duplex, { id, sharedKey, methods }: SessionOffer, signal: AbortSignal): Promise<void> {
    if (this.#sessions.get(id) !== undefined)
      throw new EngineError('conflict', 'build-session-taken', `session ${id} is open`);
    const calls = new GrpcClient(socket);
    const offered = new Set(methods.map((method) => method.toLowerCase()));
    const close = (): void => calls.close();
    signal.addEventListener('abort', close, { once: true });
    this.#sessions.set(id, { id, sharedKey, calls, offers: ({ path }) => offered.has(path.toLowerCase()) });
    await calls.closed;
    signal.removeEventListener('abort', close);
    this.#sessions.delete(id);
  }

  /** The session, which may be about to come. Throws `NoSessionError`. */
  get(id: string, signal: AbortSignal): Promise<BuildSession> {
    return this.#sessions.wait(id, {
      signal,
      timeoutMs: sessionWaitMs,
      missing: () => new NoSessionError(id),
    });
  }
}

/** A session's offer in the headers of a call. */
export function offerOfHeaders(headers: IncomingHttpHeaders): SessionOffer {
  const all = (name: string): string[] => {
    const value = headers[`x-docker-expose-session-${name}`];
    if (value === undefined) return [];
    return Array.isArray(value) ? value : value.split(',').map((item) => item.trim());
  };
  const [id = '', name = '', sharedKey = ''] = ['uuid', 'name', 'sharedkey'].map((key) => all(key)[0] ?? '');
  return { id, name, sharedKey, methods: all('grpc-method') };
}
