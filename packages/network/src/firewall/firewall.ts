import { errorMessage, type Logger } from '@gantry/base';
import { changeElements, maxElementChanges, type NetlinkSocket, type TableElement } from '@gantry/kernel';
import { type FirewallNetwork, networkElements } from './firewall-network.ts';
import type { HandBack } from './hand-back.ts';
import type { Nft } from './nft.ts';
import { type PortRule, portElements } from './port-rules.ts';
import { type Element, encodeElement, identityOf } from './table-elements.ts';
import {
  changeScript,
  emptyingScript,
  handBackRemoval,
  isOurs,
  type PacketMark,
  ruleCount,
  tableScript,
  userChain,
} from './table-script.ts';

export interface FirewallOptions {
  /** Name of the nft table, family `inet`; one engine each. */
  table: string;
  nft: Nft;
  /** A netfilter socket; who opened it closes it. */
  socket: NetlinkSocket;
  logger: Logger;
  /** Missing: published ports are open to everybody. Else the way on which packets come back that the host has let in. */
  handBack?: HandBack;
  /** The outside may use published ports by the container's address too, where it has a route there. */
  directRouting?: boolean;
  /** Packets that the host's own rules have marked so may enter every network that is not internal. */
  acceptMark?: PacketMark | undefined;
}

/**
 * The engine's nftables table, for all of its networks and published ports. Each is a few elements of sets that the
 * table's rules look at. What should be there is noted at once, and brought into the kernel in as few transactions as
 * possible: small changes by netlink, large ones by one nft run, and what comes while nft runs shares the next. A change
 * that the kernel refuses (somebody flushed or altered the table) is mended by writing the whole table anew.
 */
export class Firewall {
  readonly table: string;
  readonly #nft: Nft;
  readonly #socket: NetlinkSocket;
  readonly #logger: Logger;
  readonly #handBack: HandBack | undefined;
  readonly #directRouting: boolean;
  readonly #acceptMark: PacketMark | undefined;
  readonly #networks = new Map<string, readonly Element[]>();
  /** What is in the kernel, and what is to be changed there next (undefined: to be gone), by identity. */
  #applied = new Map<string, Element>();
  #pending = new Map<string, Element | undefined>();
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  /** The administrator's chain as it was last seen, as a script; empty when it had no rules. */
  #userRules = '';
  #removed = false;

  constructor({ table, nft, socket, logger, handBack, directRouting, acceptMark }: FirewallOptions) {
    this.table = table;
    this.#nft = nft;
    this.#socket = socket;
    this.#logger = logger;
    this.#handBack = handBack;
    this.#directRouting = directRouting ?? false;
    this.#acceptMark = acceptMark;
  }

  /** Writes the table anew, in one transaction, with these networks and published ports and no others. Throws `FirewallError`. */
  async reset(networks: Iterable<FirewallNetwork>, rules: Iterable<PortRule>): Promise<void> {
    this.#networks.clear();
    for (const network of networks) this.#networks.set(network.id, networkElements(network));
    const elements = [...[...this.#networks.values()].flat(), ...this.#elementsOf(rules)];
    this.#pending = new Map();
    this.#applied = new Map(elements.map((element) => [identityOf(element), element]));
    this.#removed = false;
    await this.restore();
  }

  /** A network of the same id is replaced. Resolves when it is in the kernel. Throws `FirewallError`; then it is as if never added. */
  async addNetwork(network: FirewallNetwork): Promise<void> {
    const elements = networkElements(network);
    this.#want(this.#networks.get(network.id) ?? [], false);
    this.#networks.set(network.id, elements);
    this.#want(elements, true);
    try {
      await this.#flushed();
    } catch (error) {
      this.#networks.delete(network.id);
      this.#want(elements, false);
      throw error;
    }
  }

  /** Resolves when nothing of it is in the kernel. Idempotent. */
  async removeNetwork(id: string): Promise<void> {
    this.#want(this.#networks.get(id) ?? [], false);
    this.#networks.delete(id);
    await this.#flushed();
  }

  /** Resolves when the rules are in the kernel. Throws `FirewallError`; they are not wanted any more then. */
  async publish(rules: readonly PortRule[]): Promise<void> {
    const elements = this.#elementsOf(rules);
    this.#want(elements, true);
    try {
      await this.#flushed();
    } catch (error) {
      this.#want(elements, false);
      throw error;
    }
  }

  /** Resolves when the rules are gone from the kernel. Rules that are not there are no error. */
  async unpublish(rules: readonly PortRule[]): Promise<void> {
    this.#want(this.#elementsOf(rules), false);
    await this.#flushed();
  }

  /**
   * Writes the whole table anew, as it should be. The administrator's chain stays as it is; where somebody took it away
   * with the table, it is put back as it was last seen. Nothing after `remove`. Throws `FirewallError`.
   */
  async restore(): Promise<void> {
    if (this.#removed) return;
    this.#running = this.#running.catch(() => {}).then(() => this.#writeWhole());
    await this.#running;
  }

  /** As `restore`, when a rule or an element is missing. Reads the whole table. */
  async restoreIfDamaged(): Promise<void> {
    await this.#running.catch(() => {});
    const expected = ruleCount + this.#applied.size;
    const objects = await this.#nft.list('table', 'inet', this.table).catch(() => []);
    let found = 0;
    for (const object of objects) {
      const rule = object['rule'] as { chain: string } | undefined;
      const set = (object['set'] ?? object['map']) as { name: string; elem?: unknown[] } | undefined;
      if (rule !== undefined && isOurs(rule.chain)) found += 1;
      if (set !== undefined && isOurs(set.name)) found += set.elem?.length ?? 0;
    }
    if (found < expected) await this.restore();
  }

  /** Remembers the administrator's chain, for `restore`. */
  async rememberUserRules(): Promise<void> {
    this.#userRules = (await this.#presentUserRules()) ?? this.#userRules;
  }

  /** Takes everything of ours away: the whole table, unless the administrator has something in it. */
  async remove(): Promise<void> {
    this.#removed = true;
    this.#networks.clear();
    this.#pending = new Map();
    await this.#running.catch(() => {});
    this.#handBack?.remove();
    const objects = await this.#nft.list('table', 'inet', this.table).catch(() => undefined);
    this.#applied = new Map();
    if (objects === undefined) return;
    const emptied = emptyingScript(this.table);
    const isUsers = (object: Readonly<Record<string, unknown>>): boolean =>
      (object['rule'] as { chain?: string } | undefined)?.chain === userChain;
    const script = objects.some(isUsers) ? emptied : `delete table inet ${this.table}\n`;
    await this.#nft.apply(handBackRemoval(this.table) + script);
  }

  #elementsOf(rules: Iterable<PortRule>): Element[] {
    const policy = this.#handBack === undefined ? 'open' : 'host';
    const directRouting = this.#directRouting;
    return [...rules].flatMap((rule) => portElements(rule, { policy, directRouting }));
  }

  #want(elements: readonly Element[], there: boolean): void {
    for (const element of elements) this.#pending.set(identityOf(element), there ? element : undefined);
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
    const pending = this.#takePending();
    const added: Element[] = [];
    const removed: Element[] = [];
    for (const [identity, wanted] of pending) {
      const present = this.#applied.get(identity);
      if (present !== undefined && present.value === wanted?.value && wanted !== undefined) continue;
      if (present !== undefined) removed.push(present);
      if (wanted !== undefined) added.push(wanted);
    }
    if (removed.length === 0 && added.length === 0) return;
    try {
      await this.#change({ added, removed });
      apply(this.#applied, pending);
    } catch (error) {
      this.#logger.warn('the firewall table was changed by somebody else: writing it anew', {
        error: errorMessage(error),
      });
      await this.#writeWhole(pending);
    }
  }

  async #change(change: { added: readonly Element[]; removed: readonly Element[] }): Promise<void> {
    const added = encodeAll(change.added);
    const removed = encodeAll(change.removed);
    if (added === undefined || removed === undefined || added.length + removed.length > maxElementChanges) {
      await this.#nft.apply(changeScript(this.table, change));
    } else {
      changeElements(this.#socket, this.table, { added, removed });
    }
  }

  /** `earlier` are changes that were tried and failed; when this fails too, they are given up. */
  async #writeWhole(earlier: ReadonlyMap<string, Element | undefined> = new Map()): Promise<void> {
    this.#handBack?.ensure();
    const present = await this.#presentUserRules();
    const wanted = new Map(this.#applied);
    apply(wanted, earlier);
    apply(wanted, this.#takePending());
    const lost = present === undefined ? this.#userRules : '';
    try {
      await this.#nft.apply(
        tableScript(this.table, wanted.values(), {
          userRules: lost,
          handBack: this.#handBack?.names,
          acceptMark: this.#acceptMark,
        }),
      );
    } catch (error) {
      // What was to be gone is to be gone with the next change.
      for (const [identity, element] of earlier) {
        if (element === undefined && !this.#pending.has(identity)) this.#pending.set(identity, undefined);
      }
      throw error;
    }
    this.#applied = wanted;
    this.#userRules = present ?? lost;
  }

  /** The administrator's chain as a script, empty when it has no rules; undefined when there is no such chain. */
  async #presentUserRules(): Promise<string | undefined> {
    const shown = await this.#nft.show('chain', 'inet', this.table, userChain).catch(() => undefined);
    const isEmpty = shown !== undefined && /chain \S+ \{\s*\}/.test(shown);
    return isEmpty ? '' : shown;
  }

  #takePending(): Map<string, Element | undefined> {
    const pending = this.#pending;
    this.#pending = new Map();
    return pending;
  }
}

function apply(elements: Map<string, Element>, changes: ReadonlyMap<string, Element | undefined>): void {
  for (const [identity, element] of changes) {
    if (element === undefined) elements.delete(identity);
    else elements.set(identity, element);
  }
}

/** Undefined when one of them is an element that only nft can write. */
function encodeAll(elements: readonly Element[]): TableElement[] | undefined {
  if (elements.length > maxElementChanges) return undefined;
  const encoded: TableElement[] = [];
  for (const element of elements) {
    const one = encodeElement(element);
    if (one === undefined) return undefined;
    encoded.push(one);
  }
  return encoded;
}
