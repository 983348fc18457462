import { bridgeGroups } from './bridge-groups.ts';
import { type HandBackNames, handBackGateways } from './hand-back.ts';
import {
  type Element,
  elementStatements,
  setDeclarations,
  setNames,
  setNoun,
  tableSets,
} from './table-elements.ts';

/** The chain that is the administrator's: every forwarded packet passes it first, and the engine never changes its rules. */
export const userChain = 'GANTRY-USER';

type Chains = Readonly<Record<string, readonly string[]>>;

/**
 * The chains, all but the administrator's, with their rules. How a packet goes: raw: what claims to come from 127/8 or
 * go there by a wire is dropped, because `route_localnet` on the bridges and DNAT before routing would else let
 * neighbours reach ports published on 127.0.0.1, and containers pose as the host; what the host sends over further bridges has been tracked · nat: a packet for an address of this
 * host is looked up with its address, then without · forward: answers into open networks are let in by the groups of their
 * bridges; of other packets one look-up of where they come from and one of where they go tell what becomes of them, however many
 * networks there are. Within an
 * internal network stay neighbours and nothing else; into a network come answers, what was translated or opened for it,
 * neighbours and who is linked, and from another network of ours nothing but that · postrouting: what leaves for the outside takes the host's address; what returns into its own network
 * through a published port too (the answer must come back this way), and so do the host's own packets from 127/8. What
 * goes from one network to a port published by another keeps its source.
 */
const openChains: Chains = {
  raw: [
    'type filter hook prerouting priority raw; policy accept;',
    'ip daddr 127.0.0.0/8 iif != "lo" drop',
    'ip saddr 127.0.0.0/8 iif != "lo" drop',
    'ip6 daddr ::1 iif != "lo" drop',
    'iifname @further fib saddr type local notrack',
  ],
  published_ports: [
    'dnat ip to meta l4proto . ip daddr . th dport map @published4_on',
    'meta nfproto ipv4 dnat ip to meta l4proto . th dport map @published4',
    'dnat ip6 to meta l4proto . ip6 daddr . th dport map @published6_on',
    'meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @published6',
  ],
  prerouting: [
    'type nat hook prerouting priority dstnat; policy accept;',
    'fib daddr type local jump published_ports',
  ],
  output: [
    'type nat hook output priority -100; policy accept;',
    'ip6 daddr ::1 accept',
    'fib daddr type local jump published_ports',
  ],
  forward: [
    'type filter hook forward priority filter; policy accept;',
    `jump ${userChain}`,
    `oifgroup ${bridgeGroups.open} iifgroup != ${bridgeGroups.internal} ct state established,related accept`,
    'iifname vmap @leaving',
    'oifname vmap @entering',
  ],
  within: ['iifname . oifname @neighbours accept', 'drop'],
  into_network: [
    'ct state established,related accept',
    'ct status dnat accept',
    'iifname . oifname @neighbours accept',
    'iifname . oifname @same_network ip saddr . ip daddr . meta l4proto . th dport @linked4 accept',
    'meta l4proto . ip daddr . th dport @opened4 oifname @routed4 accept',
    'meta l4proto . ip6 daddr . th dport @opened6 oifname @routed6 accept',
    'iifname @bridges drop',
    'iifname . oifname @trusted accept',
    'meta l4proto . ip daddr . th dport @direct4 accept',
    'meta l4proto . ip6 daddr . th dport @direct6 accept',
    'oifname @routed4 meta l4proto icmp accept',
    'oifname @routed6 meta l4proto icmpv6 accept',
    'meta nfproto ipv4 oifname @unprotected4 accept',
    'meta nfproto ipv6 oifname @unprotected6 accept',
    'drop',
  ],
  input: ['type filter hook input priority 990; policy accept;'],
  postrouting: [
    'type nat hook postrouting priority srcnat; policy accept;',
    'oifname @bridges jump back_into_network',
    'oifname @bridges accept',
    'snat ip to ip saddr map @source4',
    'snat ip6 to ip6 saddr map @source6',
    'ip saddr @masquerade4 masquerade',
    'ip6 saddr @masquerade6 masquerade',
  ],
  back_into_network: [
    'ip saddr 127.0.0.0/8 masquerade',
    'ct status & dnat == 0 return',
    'oifname @wide fib saddr type local masquerade',
    'iifname @bridges iifname . oifname != @same_network return',
    'ip saddr @subnets4 ip daddr @subnets4 masquerade',
    'ip6 saddr @subnets6 ip6 daddr @subnets6 masquerade',
  ],
};

/** Set on a packet between two chains at the same hook, and never outside. */
const handBackMark = '0x6762636b';
const handBackChain = 'hand_back';

/** Packets that carry a mark may enter every network that has a way out. */
function markedChains({ mark, mask }: PacketMark): Chains {
  const accept = `meta mark & ${mask} == ${mark} accept`;
  return { ...openChains, into_network: [accept, ...(openChains['into_network'] ?? [])] };
}

/** The chains where the host's input rules decide about published ports: what they let through comes back by `far`. */
function chainsFor({ handBack, acceptMark }: TableScriptOptions): Chains {
  const chains = acceptMark === undefined ? openChains : markedChains(acceptMark);
  if (handBack === undefined) return chains;
  const { far } = handBack;
  return {
    ...chains,
    raw: [...(openChains['raw'] ?? []), `iifname "${far}" meta mark set 0`],
    prerouting: [
      'type nat hook prerouting priority dstnat; policy accept;',
      `iifname "${far}" fib daddr type local jump published_ports`,
    ],
    input: [
      ...(openChains['input'] ?? []),
      'iifname "lo" accept',
      'ct state != new accept',
      ...[4, 6].flatMap((family) => [
        `meta nfproto ipv${family} meta l4proto . th dport @awaited${family} meta mark set ${handBackMark}`,
        `meta l4proto . ip${family === 6 ? '6' : ''} daddr . th dport @awaited${family}_on meta mark set ${handBackMark}`,
      ]),
    ],
  };
}

/** Copies can be sent by chains of one family only, so each has a table, of the same name, with one chain. */
function handBackScript(table: string, handBack: HandBackNames | undefined): string {
  if (handBack === undefined) return handBackRemoval(table);
  const one = (family: 'ip' | 'ip6', gateway: string): string => `table ${family} ${table} {
  chain ${handBackChain} {
    type filter hook input priority 1000; policy accept;
    meta mark ${handBackMark} dup to ${gateway} device "${handBack.near}"
    meta mark ${handBackMark} drop
  }
}
`;
  return `${handBackRemoval(table)}${one('ip', handBackGateways.ipv4)}${one('ip6', handBackGateways.ipv6)}`;
}

/** Takes the tables of one family away, with or without anything in them; engines of old had one for IPv4 too. */
export function handBackRemoval(table: string): string {
  return ['ip', 'ip6']
    .map((family) => `add table ${family} ${table}\ndelete table ${family} ${table}\n`)
    .join('');
}

export interface TableScriptOptions {
  /** `nft list chain` of an earlier `GANTRY-USER`. */
  userRules?: string;
  /** Where the host's input rules decide about published ports. */
  handBack?: HandBackNames | undefined;
  /** Packets with it may enter networks. */
  acceptMark?: PacketMark | undefined;
}

/** A mark that the host's own rules put on packets, and the bits of it that count; 32 bits. */
export interface PacketMark {
  mark: number;
  mask: number;
}

/**
 * A script that makes the table what it should be, whatever of it is there, in one transaction: everything of ours is
 * written anew, and what the administrator put into `GANTRY-USER`, or besides our chains and sets, is left alone.
 */
export function tableScript(
  table: string,
  elements: Iterable<Element>,
  options: TableScriptOptions = {},
): string {
  const { userRules = '', handBack } = options;
  const chains = chainsFor(options);
  const names = Object.keys(chains);
  const declared = Object.entries(chains).map(([name, [head = '']]) => declaration(name, head));
  const rules = Object.entries(chains).flatMap(([name, lines]) =>
    lines.filter((line) => !isHead(line)).map((line) => `add rule inet ${table} ${name} ${line}`),
  );
  return [
    handBackScript(table, handBack),
    userRules,
    `table inet ${table} {`,
    `  chain ${userChain} { }`,
    setDeclarations(),
    ...declared,
    '}',
    ...names.map((name) => `flush chain inet ${table} ${name}`),
    ...setNames.map((name) => `flush ${setNoun(name)} inet ${table} ${name}`),
    ...rules,
    ...elementStatements('add', table, elements),
    '',
  ].join('\n');
}

/** Takes elements away and adds elements, in one transaction. */
export function changeScript(
  table: string,
  { added, removed }: { added: readonly Element[]; removed: readonly Element[] },
): string {
  return [...elementStatements('delete', table, removed), ...elementStatements('add', table, added), ''].join(
    '\n',
  );
}

/** Takes everything of ours out of the table, which is there, and leaves the administrator's. */
export function emptyingScript(table: string): string {
  const names = Object.keys(openChains);
  return [
    ...names.map((name) => `flush chain inet ${table} ${name}`),
    // Maps lead to chains.
    ...setNames.map((name) => `delete ${setNoun(name)} inet ${table} ${name}`),
    ...names.map((name) => `delete chain inet ${table} ${name}`),
    '',
  ].join('\n');
}

/** How many rules our chains have. */
export const ruleCount: number = Object.values(openChains)
  .flat()
  .filter((line) => !isHead(line)).length;

/** True for a chain or set that the engine made: nobody else has a reason to take it away. */
export function isOurs(name: string): boolean {
  return name in openChains || name in tableSets || name === handBackChain;
}

function declaration(name: string, head: string): string {
  return `  chain ${name} {${isHead(head) ? ` ${head}` : ''} }`;
}

function isHead(line: string): boolean {
  return line.startsWith('type ');
}
