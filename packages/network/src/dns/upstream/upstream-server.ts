import type { Clock } from '@gantry/base';
import type { Query } from '../wire/query.ts';
import type { Reply } from '../wire/reply.ts';

/** A name server that questions are forwarded to. */
export interface UpstreamServer {
  /** IPv4 or IPv6; a link-local one names its interface (`fe80::1%eth0`). */
  address: string;
  /**
   * Whose network it is asked from. A server that the host's own resolv.conf names is reached from the host, perhaps only
   * from there (127.0.0.53); one that was given for the container is reached as the container reaches it.
   */
  from: 'host' | 'container';
}

/** One way to put questions to a server. Nothing rejects: an answer that does not come is undefined. */
export interface Exchange extends Disposable {
  /** Resolves with the first answer that is one, or with undefined when none came in time or none can. */
  ask(query: Query): Promise<Reply | undefined>;
}

/** What an exchange needs besides the server. */
export interface ExchangeContext {
  /** Makes a socket in the network that the server is asked from. */
  inNetwork: (open: () => number) => number;
  clock: Clock;
}

export const dnsPort = 53;

/** How long one server has to answer: dockerd's. */
export const answerTimeoutMs = 4000;
