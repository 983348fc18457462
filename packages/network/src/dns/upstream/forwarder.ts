import { type Clock, type Logger, Semaphore } from '@gantry/base';
import { withNetworkNamespace } from '@gantry/kernel';
import type { Query } from '../wire/query.ts';
import { responseCodes } from '../wire/registry.ts';
import type { Reply } from '../wire/reply.ts';
import { DatagramExchange } from './datagram-exchange.ts';
import { StreamExchange } from './stream-exchange.ts';
import {
  answerTimeoutMs,
  type Exchange,
  type ExchangeContext,
  type UpstreamServer,
} from './upstream-server.ts';

export type Transport = 'udp' | 'tcp';

/** Where a container's questions go that the engine has no answer to. */
export interface ForwardingRules {
  /** In the order in which they are asked; the first three count (resolv.conf(5), MAXNS). */
  servers: readonly UpstreamServer[];
  /** False keeps questions from leaving by the host's network; the container's own servers are asked from inside it. */
  throughHost: boolean;
}

type Exchanges = Record<Transport, Exchange>;

/** dockerd's: so many questions of one container wait for servers at once. */
const longestAsked = 1024;
/** So many more wait for their turn, each as long as a server would have; what comes then is refused at once. */
const longestWaiting = 4096;
const mostServers = 3;
/** Asking itself would never end. */
const ownAddress = '127.0.0.11';

/** Asks the upstream servers of one container, one after the other. */
export class Forwarder implements Disposable {
  readonly #namespacePath: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #turns = new Semaphore(longestAsked);
  #under = 0;
  #isCrowded = false;
  readonly #exchanges = new Map<string, Exchanges>();
  #servers: readonly Exchanges[] = [];

  constructor(namespacePath: string, { clock, logger }: { clock: Clock; logger: Logger }) {
    this.#namespacePath = namespacePath;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** For questions from now on; those under way go on as they began. */
  use({ servers, throughHost }: ForwardingRules): void {
    this.#servers = servers
      .filter(({ address, from }) => (from === 'host' ? throughHost : address !== ownAddress))
      .slice(0, mostServers)
      .map((server) => this.#exchangesWith(server));
  }

  /**
   * The first answer that is no failure: as it came, truncated ones too, for the client to ask again by TCP. Undefined
   * when every server failed (SERVFAIL, REFUSED), kept silent for four seconds or cannot be reached, and when too many
   * questions wait already. Never rejects.
   */
  async forward(query: Query, transport: Transport): Promise<Buffer | undefined> {
    if (this.#servers.length === 0 || !this.#admits()) return undefined;
    this.#under += 1;
    try {
      return await this.#inTurn(() => this.#ask(query, transport));
    } finally {
      this.#under -= 1;
    }
  }

  /** Gives up what is under way, and closes all sockets at once. */
  [Symbol.dispose](): void {
    this.#servers = [];
    for (const { udp, tcp } of this.#exchanges.values()) {
      udp[Symbol.dispose]();
      tcp[Symbol.dispose]();
    }
    this.#exchanges.clear();
  }

  #exchangesWith({ address, from }: UpstreamServer): Exchanges {
    const key = `${from} ${address}`;
    const context: ExchangeContext = {
      clock: this.#clock,
      inNetwork: from === 'host' ? (open) => open() : (open) => this.#inContainer(open),
    };
    const exchanges = this.#exchanges.get(key) ?? {
      udp: new DatagramExchange(address, context),
      tcp: new StreamExchange(address, context),
    };
    this.#exchanges.set(key, exchanges);
    return exchanges;
  }

  async #ask(query: Query, transport: Transport): Promise<Buffer | undefined> {
    for (const server of this.#servers) {
      const reply = await server[transport].ask(query);
      if (reply !== undefined && !isFailure(reply)) return reply.message;
    }
    return undefined;
  }

  #admits(): boolean {
    const isFull = this.#under >= longestAsked + longestWaiting;
    if (isFull && !this.#isCrowded) this.#logger.warn('too many DNS questions at once: refusing some');
    this.#isCrowded = isFull;
    return !isFull;
  }

  async #inTurn(ask: () => Promise<Buffer | undefined>): Promise<Buffer | undefined> {
    if (this.#under <= longestAsked) return await this.#turns.run(ask);
    const patience = new AbortController();
    const waited = new AbortController();
    void this.#clock.sleep(answerTimeoutMs, waited.signal).then(
      () => patience.abort(),
      () => {},
    );
    try {
      return await this.#turns.run(() => {
        waited.abort();
        return ask();
      }, patience.signal);
    } catch {
      return undefined;
    } finally {
      waited.abort();
    }
  }

  #inContainer(open: () => number): number {
    return withNetworkNamespace(this.#namespacePath, open);
  }
}

/** dockerd goes on to the next server for these two alone: NXDOMAIN is an answer. */
function isFailure({ code }: Reply): boolean {
  return code === responseCodes.serverFailure || code === responseCodes.refused;
}
