import type { Firewall } from '../firewall/firewall.ts';
import type { PortRule } from '../firewall/port-rules.ts';
import type { NetworkRegistry } from '../networks/network-registry.ts';
import type { SandboxRecord } from './sandbox-record.ts';

/** The ports that linked containers keep open to each other on networks whose containers may not talk to each other. */
export class SandboxLinks {
  readonly #firewall: Pick<Firewall, 'publish' | 'unpublish'>;
  readonly #registry: Pick<NetworkRegistry, 'get'>;
  /** Sandboxes that are linked to others. */
  readonly #linked = new Map<string, SandboxRecord>();
  /** What is open, by what it says. */
  #open = new Map<string, PortRule>();

  constructor(firewall: Pick<Firewall, 'publish' | 'unpublish'>, registry: Pick<NetworkRegistry, 'get'>) {
    this.#firewall = firewall;
    this.#registry = registry;
  }

  /** Makes what is open fit a sandbox that was made or changed; `others` are all that there are. */
  async follow(record: SandboxRecord, others: ReadonlyMap<string, SandboxRecord>): Promise<void> {
    const { containerId, endpoints } = record;
    if (endpoints.some(({ linkedTo }) => linkedTo !== undefined)) this.#linked.set(containerId, record);
    else this.#linked.delete(containerId);
    await this.#fit((id) => (id === containerId ? record : others.get(id)));
  }

  /** Closes what was open from and to a sandbox that goes. Idempotent. */
  async forget(containerId: string, others: ReadonlyMap<string, SandboxRecord>): Promise<void> {
    this.#linked.delete(containerId);
    await this.#fit((id) => (id === containerId ? undefined : others.get(id)));
  }

  async #fit(find: (containerId: string) => SandboxRecord | undefined): Promise<void> {
    if (this.#linked.size === 0 && this.#open.size === 0) return;
    const wanted = new Map<string, PortRule>();
    for (const record of this.#linked.values()) {
      for (const rule of this.#rulesOf(record, find)) wanted.set(JSON.stringify(rule), rule);
    }
    const closed = [...this.#open].flatMap(([key, rule]) => (wanted.has(key) ? [] : [rule]));
    const opened = [...wanted].flatMap(([key, rule]) => (this.#open.has(key) ? [] : [rule]));
    this.#open = wanted;
    if (closed.length > 0) await this.#firewall.unpublish(closed);
    if (opened.length > 0) await this.#firewall.publish(opened);
  }

  #rulesOf(
    { endpoints }: SandboxRecord,
    find: (containerId: string) => SandboxRecord | undefined,
  ): PortRule[] {
    return endpoints.flatMap(({ networkId, ipv4, linkedTo = [] }) => {
      const network = this.#registry.get(networkId);
      const source = ipv4?.address;
      if (source === undefined || network?.driver?.filter(network.record)?.icc !== false) return [];
      return linkedTo.flatMap((id) => rulesTo(find(id), networkId, source));
    });
  }
}

function rulesTo(target: SandboxRecord | undefined, networkId: string, source: string): PortRule[] {
  const containerAddress = target?.endpoints.find((other) => other.networkId === networkId)?.ipv4?.address;
  if (containerAddress === undefined) return [];
  return (target?.exposedPorts ?? []).flatMap(({ protocol, first, last }) =>
    Array.from({ length: last - first + 1 }, (_, index) => ({
      protocol,
      hostAddress: '',
      hostPort: 0,
      source,
      containerAddress,
      containerPort: first + index,
    })),
  );
}
