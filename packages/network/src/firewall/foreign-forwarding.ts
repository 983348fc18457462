import { errorMessage, type Logger } from '@gantry/base';
import { acceptInChains, findBlockingChains, withdrawFromChains } from './foreign-chains.ts';
import { acceptLegacyForwarding, withdrawLegacyForwarding } from './legacy-forwarding.ts';
import type { Nft } from './nft.ts';

/** Other people's chains that would drop the packets of our bridge, and our marked accepts in them. */
export class ForeignForwarding {
  readonly #nft: Nft;
  readonly #bridge: string;
  readonly #table: string;
  readonly #logger: Logger;

  constructor(nft: Nft, { bridge, table, logger }: { bridge: string; table: string; logger: Logger }) {
    this.#nft = nft;
    this.#bridge = bridge;
    this.#table = table;
    this.#logger = logger;
  }

  /** Puts accepts where they are needed. What fails is logged: containers then have no more than the other firewall gives. */
  async accept(): Promise<void> {
    await this.#try(async () => {
      const chains = await findBlockingChains(this.#nft, this.#table);
      await acceptInChains(this.#nft, this.#bridge, chains);
      for (const { family, table, chain } of chains) this.#told(`${family} ${table} ${chain}`);
    });
    await this.#try(async () => {
      const chain = await acceptLegacyForwarding(this.#bridge);
      if (chain !== undefined) this.#told(`iptables-legacy filter ${chain}`);
    });
  }

  /** Takes every accept of ours away. Idempotent. */
  async withdraw(): Promise<void> {
    await withdrawFromChains(this.#nft, this.#bridge, this.#table);
    await withdrawLegacyForwarding(this.#bridge);
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#logger.warn('containers may have no network: another firewall may drop forwarded packets', {
        bridge: this.#bridge,
        error: errorMessage(error),
      });
    }
  }

  #told(chain: string): void {
    const fields = { bridge: this.#bridge, chain };
    this.#logger.info('put accepts for the bridge into a chain that drops forwarded packets', fields);
  }
}
