import type { Duplex } from 'node:stream';

/** What a client lends builds over a connection of its own. */
export interface SessionOffer {
  /** By which its builds name it. */
  readonly id: string;
  readonly name: string;
  /** What the client calls itself over many builds; may be empty. */
  readonly sharedKey: string;
  /** Methods that it answers, as `/package.Service/Method`. */
  readonly methods: readonly string[];
}

/** What the routes of BuildKit's protocol need: connections that speak HTTP/2 without TLS from here on. */
export interface BuildkitBackend {
  /** Serves BuildKit's services on a connection; resolves when it is over. */
  serve(socket: Duplex, signal: AbortSignal): Promise<void>;
  /** Takes a session; resolves when it is over. Throws when its id is taken, and then the connection is untouched. */
  acceptSession(socket: Duplex, offer: SessionOffer, signal: AbortSignal): Promise<void>;
}
