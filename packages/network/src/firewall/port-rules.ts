import { concatenation, type MapElement } from '@gantry/kernel';

const everyAddress = '0.0.0.0';
const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const;

/** One published port, and where its packets go. */
export interface PortRule {
  protocol: 'tcp' | 'udp' | 'sctp';
  /** `0.0.0.0` for every address of the host. */
  hostAddress: string;
  hostPort: number;
  containerAddress: string;
  containerPort: number;
}

export interface TableOptions {
  /** Name of the nft table, family `ip`. */
  table: string;
  bridge: string;
  /** `172.17.0.0/16`. */
  subnet: string;
}

/** Identifies a rule by what it matches: two rules of one key cannot be at once. */
export function ruleKey({ protocol, hostAddress, hostPort }: PortRule): string {
  return `${protocol}/${hostAddress}:${hostPort}`;
}

/**
 * The whole table as a script that replaces the one that is there, in one transaction. How a packet goes:
 * raw: what claims to come from 127/8 or go there by a wire is dropped, because `route_localnet` on the bridge and DNAT
 * before routing would else let neighbours reach ports published on 127.0.0.1 · nat: a packet for an address of this
 * host is looked up with its address, then without · postrouting: what leaves the subnet, what returns into it through
 * a published port (the answer must come back this way), and the host's own packets from 127/8 take the address of the
 * way out · forward: into the subnet only answers, neighbours and published ports.
 */
export function tableScript({ table, bridge, subnet }: TableOptions, rules: Iterable<PortRule>): string {
  return `add table ip ${table}
delete table ip ${table}
table ip ${table} {
  map published {
    type inet_proto . inet_service : ipv4_addr . inet_service
  }
  map published_on_address {
    type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service
  }
  chain raw {
    type filter hook prerouting priority raw; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 drop
  }
  chain published_ports {
    dnat ip to meta l4proto . ip daddr . th dport map @published_on_address
    dnat ip to meta l4proto . th dport map @published
  }
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    fib daddr type local jump published_ports
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump published_ports
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    ip saddr ${subnet} oifname != "${bridge}" masquerade
    ip saddr ${subnet} ip daddr ${subnet} ct status dnat masquerade
    ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "${bridge}" accept
    oifname "${bridge}" ct state established,related accept
    oifname "${bridge}" ct status dnat accept
    oifname "${bridge}" drop
  }
}
${changeScript(table, { added: [...rules], removed: [] })}`;
}

/** Takes elements away and adds elements, in one transaction. */
export function changeScript(
  table: string,
  { added, removed }: { added: readonly PortRule[]; removed: readonly PortRule[] },
): string {
  return [
    ...removed.map((rule) => `delete element ip ${table} ${mapOf(rule)} { ${matchOf(rule)} }`),
    ...added.map(
      (rule) =>
        `add element ip ${table} ${mapOf(rule)} { ${matchOf(rule)} : ${rule.containerAddress} . ${rule.containerPort} }`,
    ),
    '',
  ].join('\n');
}

/** The same element as `changeScript` writes, as bytes. */
export function elementOf(rule: PortRule): MapElement {
  const { protocol, hostAddress, hostPort, containerAddress, containerPort } = rule;
  const address = hostAddress === everyAddress ? [] : [addressBytes(hostAddress)];
  return {
    map: mapOf(rule),
    key: concatenation(Buffer.from([protocolNumbers[protocol]]), ...address, portBytes(hostPort)),
    value: concatenation(addressBytes(containerAddress), portBytes(containerPort)),
  };
}

function addressBytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function portBytes(port: number): Buffer {
  return Buffer.from([port >> 8, port & 255]);
}

function mapOf(rule: PortRule): string {
  return rule.hostAddress === everyAddress ? 'published' : 'published_on_address';
}

function matchOf({ protocol, hostAddress, hostPort }: PortRule): string {
  return hostAddress === everyAddress
    ? `${protocol} . ${hostPort}`
    : `${protocol} . ${hostAddress} . ${hostPort}`;
}
