import { errorMessage, type Logger } from '@gantry/base';
import { changeMapElements, maxElementChanges, type NetlinkSocket } from '@gantry/kernel';
import type { Nft } from './nft.ts';
import {
  changeScript,
  elementOf,
  type PortRule,
  ruleKey,
  type TableOptions,
  tableScript,
} from './port-rules.ts';

/**
 * The engine's nftables table. What should be published is noted at once, and brought into the kernel in as few
 * transactions as possible: small changes by netlink, large ones by one nft run, and what comes while nft runs shares
 * the next. A change that the kernel refuses (somebody flushed or altered the table) is mended by writing the whole
 * table anew.
 */
export class Firewall {
  readonly #options: TableOptions;
  readonly #nft: Nft;
  readonly #socket: NetlinkSocket;
  readonly #logger: Logger;
  readonly #wanted = new Map<string, PortRule>();
  #applied: ReadonlyMap<string, PortRule> = new Map();
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** `socket` is a netfilter socket; who opened it closes it. */
  constructor(
    options: TableOptions,
    { nft, socket, logger }: { nft: Nft; socket: NetlinkSocket; logger: Logger },
  ) {
    this.#options = options;
    this.#nft = nft;
    this.#socket = socket;
    this.#logger = logger;
  }

  /** Replaces the table that is there, with `rules` as the published ports. */
  async reset(rules: Iterable<PortRule>): Promise<void> {
    this.#wanted.clear();
    for (const rule of rules) this.#wanted.set(ruleKey(rule), rule);
    this.#running = this.#running.catch(() => {}).then(() => this.#writeWhole());
    await this.#running;
  }

  /** Resolves when the rules are in the kernel. Throws `FirewallError`; they are not wanted any more then. */
  async publish(rules: readonly PortRule[]): Promise<void> {
    for (const rule of rules) this.#wanted.set(ruleKey(rule), rule);
    try {
      await this.#flushed();
    } catch (error) {
      this.#forget(rules);
      throw error;
    }
  }

  /** Resolves when the rules are gone from the kernel. Rules that are not there are no error. */
  async unpublish(rules: readonly PortRule[]): Promise<void> {
    this.#forget(rules);
    await this.#flushed();
  }

  /** Takes the whole table away. */
  async remove(): Promise<void> {
    this.#wanted.clear();
    await this.#running.catch(() => {});
    const { table } = this.#options;
    await this.#nft.apply(`add table ip ${table}\ndelete table ip ${table}\n`);
    this.#applied = new Map();
  }

  #forget(rules: readonly PortRule[]): void {
    for (const rule of rules) this.#wanted.delete(ruleKey(rule));
  }

  #flushed(): Promise<void> {
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        this.#running = this.#flush();
        return this.#running;
      });
    return this.#next;
  }

  async #flush(): Promise<void> {
    const wanted = new Map(this.#wanted);
    const removed = [...this.#applied]
      .filter(([key, rule]) => wanted.get(key) !== rule)
      .map(([, rule]) => rule);
    const added = [...wanted]
      .filter(([key, rule]) => this.#applied.get(key) !== rule)
      .map(([, rule]) => rule);
    if (removed.length === 0 && added.length === 0) return;
    try {
      await this.#change({ added, removed });
      this.#applied = wanted;
    } catch (error) {
      this.#logger.warn('the firewall table was changed by somebody else: writing it anew', {
        error: errorMessage(error),
      });
      await this.#writeWhole();
    }
  }

  async #change(change: { added: readonly PortRule[]; removed: readonly PortRule[] }): Promise<void> {
    const { table } = this.#options;
    if (change.added.length + change.removed.length > maxElementChanges) {
      await this.#nft.apply(changeScript(table, change));
      return;
    }
    changeMapElements(this.#socket, table, {
      added: change.added.map(elementOf),
      removed: change.removed.map(elementOf),
    });
  }

  async #writeWhole(): Promise<void> {
    const wanted = new Map(this.#wanted);
    await this.#nft.apply(tableScript(this.#options, wanted.values()));
    this.#applied = wanted;
  }
}
