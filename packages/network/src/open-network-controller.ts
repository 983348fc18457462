import { type Clock, errorMessage, type Logger } from '@gantry/base';
import type { MetadataStore } from '@gantry/state';
import type { SegmentLimits } from './drivers/bridge/bridge-segments.ts';
import type { NetworkDriver } from './drivers/network-driver.ts';
import type { PublishPolicy } from './firewall/port-rules.ts';
import type { PacketMark } from './firewall/table-script.ts';
import type { AddressPoolRange } from './ipam/default-pools.ts';
import { LocalNetworkController } from './local-network-controller.ts';
import type { NetworkController } from './network-controller.ts';
import { type NetworkParts, networkParts } from './network-parts.ts';
import type { DefaultBridgeSettings } from './networks/default-bridge.ts';
import { isPredefined } from './networks/network-record.ts';
import { takeOverNetworks } from './networks/take-over-networks.ts';
import { portRules } from './ports/port-publisher.ts';
import { gatewaysOf } from './sandbox/gateways.ts';
import { targetOf } from './sandbox/sandbox-ports.ts';

export interface NetworkControllerOptions {
  store: MetadataStore;
  /** Namespaces are pinned in `netns` below it. It does not survive a reboot, and need not. */
  execRoot: string;
  /** Interface of the default bridge, `gantry0` when missing; made when it does not exist. `none`: there is no bridge network. */
  bridge?: string;
  /** Address of the bridge with its prefix, as dockerd's `--bip`. Missing: the first of the default pools that is free. */
  bip?: string;
  defaultBridge?: DefaultBridgeSettings;
  /** In the place of Docker's. */
  defaultAddressPools?: readonly AddressPoolRange[];
  /** Whether networks that do not say have IPv6. Missing: when the host has an IPv6 address. */
  ipv6ByDefault?: boolean;
  /** Address that ports are published on where neither they nor their network name one; empty for all. */
  hostBindingAddress?: string;
  /** The host's own resolver settings; `/etc/resolv.conf` when missing. */
  resolvConf?: string;
  /** How many containers a Linux bridge gets before further bridges join it; nearly as many as the kernel allows when missing. */
  bridgeLimits?: SegmentLimits;
  /** Drivers besides `bridge`, `macvlan` and `ipvlan`. */
  drivers?: readonly NetworkDriver[];
  /** Name of our nft table (family `inet`); one engine each. Made of the bridge's name when missing. */
  nftTable?: string;
  /** Whether the host's own input rules decide about published ports. `open` when missing: nobody does, as with Docker. */
  publishPolicy?: PublishPolicy;
  /** Whether the outside may use published ports by the container's address; not when missing. Only where nobody decides about them. */
  allowDirectRouting?: boolean;
  /** Packets that the host's own rules have marked so may enter every network that is not internal. */
  acceptMark?: PacketMark;
  /** Whether the host's forwarding is turned on, as networks need it; true when missing. */
  forwardPackets?: boolean;
  /** Whether to put accepts for our bridges into other people's forward chains that would drop their packets. `accept` when missing. */
  foreignForwarding?: 'accept' | 'leave';
  /**
   * `none`: there are no rules of ours on the host, as with dockerd's `iptables=false`: packets leave with the containers' addresses,
   * nothing keeps networks apart, and published ports are relayed by this process. `nft` when missing.
   */
  packetFilter?: 'nft' | 'none';
  logger: Logger;
  clock: Clock;
}

/**
 * Opens the networks of this host: makes their bridges and the nft table, turns forwarding on as Docker does, ends removals
 * that had begun, and takes over the sandboxes of an earlier engine; call `restore` next. Closing leaves everything that a
 * container needs; without containers it takes the nft table and the marked accepts away. Throws
 * `BridgeConfigurationError`, `NoSubnetLeftError`, `FirewallError`.
 */
export async function openNetworkController(
  options: NetworkControllerOptions,
): Promise<NetworkController & AsyncDisposable> {
  using onFailure = new DisposableStack();
  const parts = networkParts(options, onFailure);
  const { store, sandboxes } = parts;
  const { bridge = 'gantry0', bip } = options;
  const stored = store.all();
  await takeOverNetworks({
    ...parts,
    bridge: bridge === 'none' ? undefined : bridge,
    bip,
    defaultBridge: options.defaultBridge ?? {},
    sandboxes: stored,
  });
  for (const record of stored) sandboxes.adopt(record);
  await establishAll(parts);
  onFailure.use(parts.watch());
  return new LocalNetworkController({ ...parts, opened: onFailure.move() });
}

/** Rules first: no packet passes a bridge that they do not know. */
async function establishAll(parts: NetworkParts): Promise<void> {
  const { registry, sandboxes, firewall, bridges, logger } = parts;
  const live = registry.all();
  const filters = live.flatMap(({ driver, record }) => driver?.filter(record) ?? []);
  const rules = [...sandboxes.records.values()].flatMap((record) =>
    portRules(record.ports, targetOf(gatewaysOf(sandboxes.ordered(record)))),
  );
  if (filters.length > 0) await firewall.reset(filters, rules);
  for (const { driver, record } of live) {
    try {
      await driver?.establish(record);
    } catch (error) {
      if (isPredefined(record.name)) throw error;
      logger.error('a network cannot be made again', { network: record.name, error: errorMessage(error) });
    }
  }
  for (const filter of filters) await bridges.made(filter.bridge);
}
