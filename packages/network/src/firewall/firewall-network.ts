import { type Element, familyDigit } from './table-elements.ts';

/**
 * How a network's containers and the outside reach each other, as Docker's `gateway_mode`: `nat` by published ports
 * only, `nat-unprotected` by every port of who routes to them, `routed` without translation by the ports that were
 * asked for and ICMP, `isolated` not at all (an internal network whose bridge has no address).
 */
export type GatewayMode = 'nat' | 'routed' | 'nat-unprotected' | 'isolated';

/** What the firewall has to know of a network on a bridge. */
export interface FirewallNetwork {
  id: string;
  /** The bridge's interface. */
  bridge: string;
  /** The bridge with the network's addresses, when that is another one of the same wire. */
  firstBridge?: string;
  /** IPv4 and IPv6: `172.17.0.0/16`, `fd00::/64`. */
  subnets: readonly string[];
  /** Nothing but its own containers and this host reaches it, or is reached from it. */
  internal: boolean;
  /** Whether its containers may talk to each other. */
  icc: boolean;
  masquerade4: boolean;
  masquerade6: boolean;
  gatewayMode4: GatewayMode;
  gatewayMode6: GatewayMode;
  /** Address of this host that packets leave with, instead of the one of the way out. */
  hostAddress4?: string;
  hostAddress6?: string;
  /** Interfaces of this host by which everything may enter. */
  trustedHostInterfaces?: readonly string[];
}

/** The elements of a network. */
export function networkElements(network: FirewallNetwork): Element[] {
  const { bridge, firstBridge = bridge, internal, icc, subnets, trustedHostInterfaces = [] } = network;
  const itself = `${bridge} . ${bridge}`;
  const elements: Element[] = [
    { set: 'bridges', key: bridge },
    { set: 'same_network', key: itself },
    ...(firstBridge === bridge ? [] : furtherBridge(bridge, firstBridge)),
    ...subnets.map((key): Element => ({ set: `subnets${familyDigit(key)}`, key })),
  ];
  if (icc) elements.push({ set: 'neighbours', key: itself });
  const verdict = { key: bridge, value: internal ? 'goto within' : 'goto into_network' };
  elements.push({ set: 'entering', ...verdict });
  if (internal) return [...elements, { set: 'leaving', ...verdict }];
  for (const name of trustedHostInterfaces) elements.push({ set: 'trusted', key: `${name} . ${bridge}` });
  return [...elements, ...openings(network), ...subnets.flatMap((subnet) => translations(network, subnet))];
}

/**
 * With br_netfilter a packet for an address of the host comes in by the further bridge, and is routed back by the first. What comes from
 * the host has been translated by then, and is not to be taken for a flow of its own. The host's own packets leave with the address
 * of the first bridge: an answer to another one would be given the host's as its source there, and come back as nobody's.
 */
function furtherBridge(bridge: string, firstBridge: string): Element[] {
  return [
    { set: 'same_network', key: `${bridge} . ${firstBridge}` },
    { set: 'further', key: bridge },
    { set: 'wide', key: firstBridge },
  ];
}

function openings({ bridge, gatewayMode4, gatewayMode6 }: FirewallNetwork): Element[] {
  return ([4, 6] as const).flatMap((family): Element[] => {
    const mode = family === 4 ? gatewayMode4 : gatewayMode6;
    if (mode === 'routed') return [{ set: `routed${family}`, key: bridge }];
    return mode === 'nat-unprotected' ? [{ set: `unprotected${family}`, key: bridge }] : [];
  });
}

/** How packets of one subnet leave the host. */
function translations(network: FirewallNetwork, subnet: string): Element[] {
  const family = familyDigit(subnet);
  const [mode, masquerade, address] =
    family === 4
      ? [network.gatewayMode4, network.masquerade4, network.hostAddress4]
      : [network.gatewayMode6, network.masquerade6, network.hostAddress6];
  if (!masquerade || mode === 'routed' || mode === 'isolated') return [];
  const own: Element = { set: `masquerade${family}`, key: subnet };
  return address === undefined ? [own] : [{ set: `source${family}`, key: subnet, value: address }];
}
