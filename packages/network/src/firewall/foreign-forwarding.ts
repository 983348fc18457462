import { errorMessage, type Logger } from '@gantry/base';
import type { NetlinkSocket, NftChain } from '@gantry/kernel';
import { acceptInChain, findBlockingChains, withdrawFromChains } from './foreign-chains.ts';
import { acceptLegacyForwarding, withdrawLegacyForwarding } from './legacy-forwarding.ts';

/**
 * Other people's chains that would drop the packets of our bridges, and our marked accepts in them. What fails is logged:
 * containers then have no more than the other firewall gives. Calls follow one another.
 */
export class ForeignForwarding {
  readonly #socket: NetlinkSocket;
  readonly #table: string;
  readonly #logger: Logger;
  readonly #bridges = new Set<string>();
  /** What was found last; undefined when somebody may have changed it since. */
  #blocking: readonly NftChain[] | undefined;
  #running: Promise<void> = Promise.resolve();

  /** `socket` is a netfilter socket; who opened it closes it. `table` is our own. */
  constructor(socket: NetlinkSocket, { table, logger }: { table: string; logger: Logger }) {
    this.#socket = socket;
    this.#table = table;
    this.#logger = logger;
  }

  /** Puts accepts for these bridges, besides those of earlier calls, wherever they are needed. */
  accept(bridges: readonly string[]): Promise<void> {
    for (const bridge of bridges) this.#bridges.add(bridge);
    return this.#inTurn(() => this.#acceptAll(bridges));
  }

  /** Looks at other people's chains again, because somebody has changed them. */
  acceptAgain(): Promise<void> {
    return this.#inTurn(() => {
      this.#blocking = undefined;
      return this.#acceptAll([...this.#bridges]);
    });
  }

  /** Takes the accepts of these bridges away. Idempotent. Rejects when that fails. */
  withdraw(bridges: readonly string[]): Promise<void> {
    for (const bridge of bridges) this.#bridges.delete(bridge);
    return this.#inTurn(async () => {
      withdrawFromChains(this.#socket, bridges, this.#table);
      await withdrawLegacyForwarding(bridges);
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#running = this.#running.catch(() => {}).then(work);
    return this.#running;
  }

  async #acceptAll(bridges: readonly string[]): Promise<void> {
    if (bridges.length === 0) return;
    await this.#try(() => {
      this.#blocking ??= findBlockingChains(this.#socket, this.#table);
      for (const chain of this.#blocking) {
        const added = acceptInChain(this.#socket, bridges, chain);
        if (added.length > 0) this.#told(`${chain.family} ${chain.table} ${chain.name}`, added);
      }
    });
    await this.#try(async () => {
      for (const chain of await acceptLegacyForwarding(bridges)) this.#told(chain, bridges);
    });
  }

  async #try(work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#blocking = undefined;
      this.#logger.warn('containers may have no network: another firewall may drop forwarded packets', {
        error: errorMessage(error),
      });
    }
  }

  #told(chain: string, bridges: readonly string[]): void {
    const message = 'put accepts for our bridges into a chain that drops forwarded packets';
    this.#logger.info(message, { chain, bridges: bridges.join(' ') });
  }
}
