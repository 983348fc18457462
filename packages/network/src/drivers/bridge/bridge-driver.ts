import {
  changeLink,
  findLink,
  isErrno,
  type NetlinkSocket,
  removeLink,
  removeLinkLater,
} from '@gantry/kernel';
import { BridgeConfigurationError, InvalidNetworkError } from '../../errors.ts';
import { bridgeGroups } from '../../firewall/bridge-groups.ts';
import type { FirewallNetwork } from '../../firewall/firewall-network.ts';
import { type Family, subnetFrom } from '../../ipam/subnet.ts';
import type { NetworkCreateRequest } from '../../network-controller.ts';
import type { NetworkRecord } from '../../networks/network-record.ts';
import type { EndpointRecord } from '../../sandbox/sandbox-record.ts';
import type {
  DefaultRoute,
  DriverPlan,
  DriverSandbox,
  NetworkDriver,
  PlanContext,
} from '../network-driver.ts';
import { ensureBridge } from './bridge-device.ts';
import { type BridgeOptions, bridgeOptions, filterOptions } from './bridge-options.ts';
import {
  BridgeSegments,
  bridgeLimits,
  type SegmentLimits,
  type SegmentOptions,
  segmentMark,
} from './bridge-segments.ts';
import { areBridgesFiltered } from './bridges-filtered.ts';
import { isInterfaceName } from './plan-default-bridge.ts';
import { adoptPort, type BridgeLink, createPort, deletePort, isPort } from './veth.ts';

/** What is stored with a network: the interface, and whether it was there before. */
interface BridgeState {
  bridge: string;
  found?: 'true';
}

/** Who has to know of the further bridges of large networks. */
export interface SegmentWatcher {
  made(filter: FirewallNetwork): void;
  goes(filter: FirewallNetwork): void;
}

export interface BridgeDriverOptions {
  limits?: SegmentLimits;
  segments?: SegmentWatcher;
  /** Whether to turn the host's forwarding on; true when missing. */
  forwardPackets?: boolean;
  /** Whether rules of ours keep packets apart; true when missing. */
  hasRules?: boolean;
}

/** Networks on Linux bridges of this host, behind its own address or routed. */
export class BridgeDriver implements NetworkDriver {
  readonly name = 'bridge';
  readonly #socket: NetlinkSocket;
  readonly #options: BridgeDriverOptions;
  readonly #segments = new Map<string, BridgeSegments>();

  /** `socket` is a route socket of the host; who opened it closes it. */
  constructor(socket: NetlinkSocket, options: BridgeDriverOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  plan(request: NetworkCreateRequest, { id, networks }: PlanContext): DriverPlan {
    const options = bridgeOptions(request.options);
    checkModes(request, options);
    this.#checkRules(options);
    const bridge = options.name === '' ? `br-${id.slice(0, 12)}` : options.name;
    if (!isInterfaceName(bridge)) throw new BridgeConfigurationError(bridge, 'invalid interface name');
    const rival = networks.find(
      ({ driver, driverState }) => driver === this.name && driverState['bridge'] === bridge,
    );
    if (rival !== undefined) {
      throw new InvalidNetworkError(
        `cannot create network ${id} (${bridge}): conflicts with network ${rival.id} (${bridge}): networks have same bridge name`,
        'forbidden',
      );
    }
    const present = findLink(this.#socket, bridge);
    if (present !== undefined && present.kind !== 'bridge') {
      throw new BridgeConfigurationError(bridge, `existing interface ${bridge} is not a bridge`);
    }
    const gateways = ([4, 6] as const).filter((family) => options.gatewayModes[family] !== 'isolated');
    const driverState = { bridge, ...(present === undefined ? {} : { found: 'true' }) };
    return { driverState, gateways, severalSubnets: false };
  }

  /** Throws `InvalidNetworkError`. */
  #checkRules({ icc }: BridgeOptions): void {
    if (icc || this.#options.hasRules !== false) return;
    throw new InvalidNetworkError(
      'com.docker.network.bridge.enable_icc=false needs rules for packets, and with iptables=false there are none',
    );
  }

  establish(network: NetworkRecord): void {
    const options = bridgeOptions(network.options);
    const { bridge, found } = stateOf(network);
    const group = groupOf(network);
    const index = ensureBridge(this.#socket, {
      name: bridge,
      addresses: { 4: options.inhibitIpv4 ? undefined : ownAddress(network, 4), 6: ownAddress(network, 6) },
      ipv6: network.ipv6,
      mtu: options.mtu,
      isolated: !options.icc,
      forwardPackets: this.#options.forwardPackets ?? true,
      ...(found === undefined && { alias: segmentMark(network.id) }),
      ...group,
    });
    const link: BridgeLink = {
      socket: this.#socket,
      name: bridge,
      index,
      mtu: options.mtu,
      isolated: !options.icc,
      ...group,
    };
    this.#segments.set(network.id, new BridgeSegments(network.id, link, this.#segmentOptions(network)));
  }

  remove(network: NetworkRecord): void {
    const { bridge, found } = stateOf(network);
    const index = findLink(this.#socket, bridge)?.index ?? 0;
    const first = { socket: this.#socket, name: bridge, index, mtu: undefined, isolated: false };
    const options = this.#segmentOptions(network);
    const segments = this.#segments.get(network.id) ?? new BridgeSegments(network.id, first, options);
    for (const { name } of segments.links().slice(1))
      this.#options.segments?.goes(this.#segmentFilter(network, name));
    segments.removeFurther();
    this.#segments.delete(network.id);
    if (found === undefined) removeLink(this.#socket, bridge);
    else if (index !== 0 && network.internal) this.#socket.request(changeLink(index, { group: 0 }));
  }

  join(network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): void {
    const bridge = this.#segmentsOf(network).choose();
    try {
      createPort(bridge, endpoint, sandbox);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      if (findLink(sandbox.inside, endpoint.interfaceName) !== undefined) {
        adoptPort(bridge, endpoint.hostInterface);
      } else {
        deletePort(bridge, endpoint.hostInterface);
        createPort(bridge, endpoint, sandbox);
      }
    }
  }

  async leave(_network: NetworkRecord, { hostInterface }: EndpointRecord): Promise<void> {
    await removeLinkLater(hostInterface);
  }

  isJoined(network: NetworkRecord, { hostInterface }: EndpointRecord): boolean {
    return this.#segmentsOf(network)
      .links()
      .some((link) => isPort(link, hostInterface));
  }

  /** Closed networks have an address on the bridge, and no way out. */
  defaultRoute({ internal }: NetworkRecord): DefaultRoute {
    return internal ? 'none' : 'gateway';
  }

  filter(network: NetworkRecord): FirewallNetwork {
    return {
      id: network.id,
      bridge: stateOf(network).bridge,
      subnets: network.ipam.config.map(({ subnet }) => subnet),
      internal: network.internal,
      ...filterOptions(bridgeOptions(network.options)),
    };
  }

  #segmentOptions(network: NetworkRecord): SegmentOptions {
    const { limits: usual = bridgeLimits, segments } = this.#options;
    const { icc } = bridgeOptions(network.options);
    // Translated in the bridge, a packet for a published port would go from one isolated port to another, and so nowhere.
    const limits = !icc && areBridgesFiltered() ? { ...usual, first: 0 } : usual;
    return { limits, made: (bridge) => segments?.made(this.#segmentFilter(network, bridge)) };
  }

  /**
   * A further bridge has no addresses, and what passes it stays on the network's wire: the first bridge's rules have let it
   * in, and the isolation of ports keeps containers apart.
   */
  #segmentFilter(network: NetworkRecord, bridge: string): FirewallNetwork {
    const first = this.filter(network);
    return {
      ...first,
      id: `${network.id}/${bridge}`,
      bridge,
      firstBridge: first.bridge,
      subnets: [],
      icc: true,
    };
  }

  #segmentsOf(network: NetworkRecord): BridgeSegments {
    const segments = this.#segments.get(network.id);
    if (segments === undefined)
      throw new BridgeConfigurationError(stateOf(network).bridge, 'it was not made');
    return segments;
  }
}

function checkModes({ internal }: NetworkCreateRequest, { gatewayModes }: BridgeOptions): void {
  if (internal || !([4, 6] as const).some((family) => gatewayModes[family] === 'isolated')) return;
  throw new InvalidNetworkError("gateway mode 'isolated' can only be used for an internal network");
}

/** A bridge that was there before keeps the group that somebody may know it by, unless it is to be closed. */
function groupOf(network: NetworkRecord): { group?: number } {
  if (network.internal) return { group: bridgeGroups.internal };
  return stateOf(network).found === undefined ? { group: bridgeGroups.open } : {};
}

function stateOf({ driverState }: NetworkRecord): BridgeState {
  const { bridge = '', found } = driverState;
  return { bridge, ...(found === undefined ? {} : { found: 'true' }) };
}

/** The network's gateway with the prefix of its subnet: the bridge's own address. */
function ownAddress({ ipam }: NetworkRecord, family: Family): string | undefined {
  const config = ipam.config.find(({ subnet }) => subnetFrom(subnet).family === family);
  if (config?.gateway === undefined) return undefined;
  return `${config.gateway}/${subnetFrom(config.subnet).prefixLength}`;
}
