import { type Clock, errorMessage, type Logger } from '@gantry/base';
import { type NetlinkSocket, ReadinessPoller, type TableChange, TableMonitor } from '@gantry/kernel';
import type { Firewall } from './firewall.ts';
import type { ForeignForwarding } from './foreign-forwarding.ts';
import type { Nft } from './nft.ts';
import { isOurs, userChain } from './table-script.ts';

export interface RuleWatchOptions {
  firewall: Firewall;
  /** Missing: other people's chains are left alone. */
  forwarding?: ForeignForwarding;
  /** The nft and the socket that the firewall uses: what they change is our own doing. */
  nft: Nft;
  socket: NetlinkSocket;
  clock: Clock;
  logger: Logger;
}

/** Others change their rules in bursts; we look when a burst has lasted so long. */
const burstMs = 200;
const NFPROTO_INET = 1;

/**
 * Watches what others do to the nftables rules of this host, by the kernel's news. What they take out of our table (a flush
 * of all rules, a reload of another firewall) is put back at once; when their own rules change, the accepts in their
 * chains are looked at again; the administrator's rules are remembered. Our own changes are known by who made them.
 */
export class RuleWatch implements Disposable {
  readonly #options: RuleWatchOptions;
  readonly #ownPort: number;
  readonly #stack = new DisposableStack();
  readonly #closing = new AbortController();
  #looksSoon = false;

  constructor(options: RuleWatchOptions) {
    this.#options = options;
    this.#ownPort = options.socket.portId;
    using opened = new DisposableStack();
    const monitor = opened.use(TableMonitor.open());
    const poller = opened.use(new ReadinessPoller());
    const watch = opened.use(poller.watch(monitor.descriptor, 'readable', () => this.#read(monitor, watch)));
    watch.arm();
    this.#stack.use(opened.move());
  }

  /** Nothing is put back any more. */
  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#stack.dispose();
  }

  #read(monitor: TableMonitor, watch: { arm(): void }): void {
    const seen: Findings = { damaged: false, lost: false, userRules: false, foreign: false };
    for (;;) {
      const changes = monitor.read();
      if (changes === 'lost') {
        Object.assign(seen, { lost: true, foreign: true });
        continue;
      }
      if (changes.length === 0) break;
      for (const change of changes) this.#judge(change, seen);
    }
    watch.arm();
    void this.#react(seen);
  }

  #judge({ kind, family, table, name, removed, portId }: TableChange, seen: Findings): void {
    const { firewall, nft } = this.#options;
    if (kind === 'generation' || portId === this.#ownPort || nft.isOwnProcess(portId)) return;
    if (table === firewall.table && family !== NFPROTO_INET) {
      if (removed) seen.damaged = true;
    } else if (table !== firewall.table) {
      if (kind === 'table' || kind === 'chain' || kind === 'rule') seen.foreign = true;
    } else if ((kind === 'chain' || kind === 'rule') && name === userChain) {
      if (removed && kind === 'chain') seen.damaged = true;
      seen.userRules = true;
    } else if (removed && (kind === 'table' || isOurs(name))) {
      seen.damaged = true;
    }
  }

  async #react({ damaged, lost, userRules, foreign }: Findings): Promise<void> {
    const { firewall, logger } = this.#options;
    try {
      if (damaged) {
        logger.warn('somebody took firewall rules of ours away: putting them back', {
          table: firewall.table,
        });
        await firewall.restore();
      } else if (lost) {
        await firewall.restoreIfDamaged();
      }
      if (userRules || lost) await firewall.rememberUserRules();
      if (foreign) await this.#lookSoon();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      logger.error('the firewall rules could not be put back', { error: errorMessage(error) });
    }
  }

  async #lookSoon(): Promise<void> {
    const { forwarding, clock } = this.#options;
    if (forwarding === undefined || this.#looksSoon) return;
    this.#looksSoon = true;
    try {
      await clock.sleep(burstMs, this.#closing.signal);
    } finally {
      this.#looksSoon = false;
    }
    await forwarding.acceptAgain();
  }
}

interface Findings {
  /** Something of ours is gone. */
  damaged: boolean;
  /** There was more news than could be kept: anything may have happened. */
  lost: boolean;
  userRules: boolean;
  /** Rules of others are new or gone. */
  foreign: boolean;
}
