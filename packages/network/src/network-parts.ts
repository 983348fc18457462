import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { errorMessage, type Logger } from '@gantry/base';
import { findLink, listAddresses, NetlinkSocket, removeLink } from '@gantry/kernel';
import type { Collection } from '@gantry/state';
import { openResolverHost } from './dns/resolver-host.ts';
import { BridgeDriver, type SegmentWatcher } from './drivers/bridge/bridge-driver.ts';
import type { NetworkDriver } from './drivers/network-driver.ts';
import { ipvlan } from './drivers/stacked/ipvlan.ts';
import { macvlan } from './drivers/stacked/macvlan.ts';
import { StackedDriver } from './drivers/stacked/stacked-driver.ts';
import { BridgeConfigurationError, DriverNotFoundError } from './errors.ts';
import { Firewall, type FirewallOptions } from './firewall/firewall.ts';
import { ForeignForwarding } from './firewall/foreign-forwarding.ts';
import { HandBack } from './firewall/hand-back.ts';
import { nftProgram } from './firewall/nft.ts';
import { type PacketFilter, withoutRules } from './firewall/packet-filter.ts';
import { RuleWatch } from './firewall/rule-watch.ts';
import { DefaultPools } from './ipam/default-pools.ts';
import { hostSubnets } from './ipam/host-subnets.ts';
import { contains, parseAddress, subnetFrom } from './ipam/subnet.ts';
import type { NetworkRecord } from './networks/network-record.ts';
import { NetworkRegistry, type RegistryParts } from './networks/network-registry.ts';
import type { NetworkSurroundings } from './networks/plan-network.ts';
import { PredefinedNetworks } from './networks/predefined-networks.ts';
import { uniqueLocalPrefix } from './networks/unique-local-prefix.ts';
import type { NetworkControllerOptions } from './open-network-controller.ts';
import { PortPublisher } from './ports/port-publisher.ts';
import { SandboxKernel } from './sandbox/sandbox-kernel.ts';
import { SandboxLinks } from './sandbox/sandbox-links.ts';
import { SandboxNames } from './sandbox/sandbox-names.ts';
import { SandboxPorts } from './sandbox/sandbox-ports.ts';
import { SandboxStore } from './sandbox/sandbox-store.ts';
import { Sandboxes } from './sandbox/sandboxes.ts';

/** What the controller is made of, before it knows any network. */
export interface NetworkParts {
  predefined: PredefinedNetworks;
  collection: Collection<NetworkRecord>;
  pools: DefaultPools;
  bridges: RegistryParts['bridges'];
  registry: NetworkRegistry;
  sandboxes: Sandboxes;
  store: SandboxStore;
  kernel: SandboxKernel;
  ports: SandboxPorts;
  names: SandboxNames;
  firewall: PacketFilter;
  /** Begins to put back firewall rules that others take away. */
  watch: () => Disposable;
  socket: NetlinkSocket;
  namespaces: string;
  logger: Logger;
}

/** Makes the parts; what has to be closed goes on `opened`. Throws `BridgeConfigurationError`. */
export function networkParts(options: NetworkControllerOptions, opened: DisposableStack): NetworkParts {
  const predefined = new PredefinedNetworks(options.store, options.clock);
  const logger = options.logger.child({ component: 'network' });
  const table = tableName(options, predefined);
  const socket = opened.use(NetlinkSocket.open());
  const netfilter = opened.use(NetlinkSocket.open('netfilter'));
  const nft = nftProgram(table);
  const rules = openFirewall(options, { table, nft, socket: netfilter, logger }, socket);
  const hasRules = options.packetFilter !== 'none';
  const firewall = hasRules ? rules : withoutRules(rules);
  const publisher = new PortPublisher({ firewall, netfilter, logger, relaysAll: !hasRules });
  const namespaces = path.join(options.execRoot, 'netns');
  mkdirSync(namespaces, { recursive: true, mode: 0o700 });
  const pools = new DefaultPools(uniqueLocalPrefix(options.store), options.defaultAddressPools);
  const collection = options.store.collection<NetworkRecord>('user-networks', { version: 1 });
  const forwarding = new ForeignForwarding(netfilter, { table, logger });
  const accepts = hasRules && options.foreignForwarding !== 'leave';
  const bridges: RegistryParts['bridges'] = {
    made: async (name) => {
      if (accepts) await forwarding.accept([name]);
    },
    goes: (name) => forwarding.withdraw([name]),
  };
  const watch = (): Disposable => {
    if (!hasRules) return new DisposableStack();
    return new RuleWatch({
      firewall: rules,
      ...(accepts && { forwarding }),
      nft,
      socket: netfilter,
      clock: options.clock,
      logger,
    });
  };
  const drivers = driversOf(options, socket, segmentWatcher({ firewall, bridges, logger }));
  const registry = new NetworkRegistry({
    collection,
    drivers,
    firewall,
    lingering: {
      isThere: (name) => name !== '' && findLink(socket, name) !== undefined,
      remove: (name) => {
        if (name !== '') removeLink(socket, name);
      },
    },
    bridges,
    surroundings: (networks) => surroundings(options, { networks, pools, socket, drivers }),
    logger,
  });
  const kernel = new SandboxKernel(namespaces);
  const store = new SandboxStore(options.store);
  const ports = new SandboxPorts(publisher, options.hostBindingAddress ?? '');
  const resolvers = opened.use(openResolverHost({ clock: options.clock, logger }));
  const names = new SandboxNames(resolvers, options.resolvConf ?? '/etc/resolv.conf');
  const links = new SandboxLinks(firewall, registry);
  const sandboxes = new Sandboxes({ registry, store, kernel, ports, names, links, socket, logger });
  return {
    predefined,
    collection,
    pools,
    bridges,
    registry,
    sandboxes,
    store,
    kernel,
    ports,
    names,
    firewall,
    watch,
    socket,
    namespaces,
    logger,
  };
}

/** `route` is where the way on which packets come back is made, where the host's input rules decide. */
function openFirewall(
  { publishPolicy, allowDirectRouting, acceptMark, packetFilter }: NetworkControllerOptions,
  parts: Pick<FirewallOptions, 'table' | 'nft' | 'socket' | 'logger'>,
  route: NetlinkSocket,
): Firewall {
  const handBack = new HandBack(route, parts.table);
  const asksHost = publishPolicy === 'host' && packetFilter !== 'none';
  if (!asksHost) handBack.remove();
  return new Firewall({
    ...parts,
    ...(asksHost && { handBack }),
    directRouting: allowDirectRouting ?? false,
    acceptMark,
  });
}

/** One engine each: of the bridge's name, or of an id where there is no default bridge. */
function tableName(options: NetworkControllerOptions, predefined: PredefinedNetworks): string {
  const { bridge = 'gantry0' } = options;
  const own = bridge === 'none' ? predefined.get('bridge').id.slice(0, 12) : bridge.replaceAll(/\W/g, '_');
  const table = options.nftTable ?? `gantry_${own}`;
  if (!/^[A-Za-z]\w{0,63}$/.test(table)) {
    throw new BridgeConfigurationError(bridge, `invalid nft table name ${table}`);
  }
  return table;
}

/** Lets the rules know of further bridges, soon: a container that is alone there waits for them. */
function segmentWatcher({
  firewall,
  bridges,
  logger,
}: Pick<NetworkParts, 'firewall' | 'bridges' | 'logger'>): SegmentWatcher {
  const told = (bridge: string, work: () => Promise<void>): void => {
    work().catch((error: unknown) => {
      logger.error('the rules do not fit a further bridge', { bridge, error: errorMessage(error) });
    });
  };
  return {
    made: (filter) => {
      told(filter.bridge, () => firewall.addNetwork(filter));
      told(filter.bridge, () => bridges.made(filter.bridge));
    },
    goes: (filter) => {
      told(filter.bridge, () => bridges.goes(filter.bridge));
      told(filter.bridge, () => firewall.removeNetwork(filter.id));
    },
  };
}

function driversOf(
  { drivers = [], bridgeLimits, forwardPackets, packetFilter }: NetworkControllerOptions,
  socket: NetlinkSocket,
  segments: SegmentWatcher,
): ReadonlyMap<string, NetworkDriver> {
  const bridge = new BridgeDriver(socket, {
    segments,
    ...(bridgeLimits && { limits: bridgeLimits }),
    ...(forwardPackets !== undefined && { forwardPackets }),
    hasRules: packetFilter !== 'none',
  });
  const stacked = [macvlan, ipvlan].map((links) => new StackedDriver(socket, links));
  return new Map([bridge, ...stacked, ...drivers].map((driver) => [driver.name, driver]));
}

function surroundings(
  options: NetworkControllerOptions,
  {
    networks,
    pools,
    socket,
    drivers,
  }: {
    networks: readonly NetworkRecord[];
    pools: DefaultPools;
    socket: NetlinkSocket;
    drivers: ReadonlyMap<string, NetworkDriver>;
  },
): NetworkSurroundings {
  return {
    networks,
    pools,
    hostSubnets: () => hostSubnets(socket),
    ipv6: () => options.ipv6ByDefault ?? hostHasIpv6(socket, networks),
    driver: (name) => {
      const found = drivers.get(name === '' ? 'bridge' : name);
      if (found === undefined) throw new DriverNotFoundError(name);
      return found;
    },
    createdAt: options.clock.now().toISOString(),
  };
}

/** Whether the host has an IPv6 address besides loopback, link-local ones, and those of our networks. */
function hostHasIpv6(socket: NetlinkSocket, networks: readonly NetworkRecord[]): boolean {
  const own = networks.flatMap(({ ipam, configOnly }) =>
    configOnly ? [] : ipam.config.map(({ subnet }) => subnetFrom(subnet)),
  );
  return listAddresses(socket).some(({ address: text }) => {
    const address = parseAddress(text);
    if (address?.family !== 6 || text === '::1' || text.startsWith('fe80:')) return false;
    return !own.some((subnet) => contains(subnet, address));
  });
}
