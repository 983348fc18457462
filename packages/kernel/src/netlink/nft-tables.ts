import { isErrno } from '../ffi/errno.ts';
import { nested, text, uint32be } from './attributes.ts';
import { encodeAddress } from './ip-address.ts';
import type { NetlinkRequest, NetlinkSocket } from './netlink-socket.ts';
import { nftFamilies, nftRequest, nftTransaction } from './nft-batch.ts';
import { equals, expression, loadMeta, loadPayload, loadValue, registers } from './nft-expressions.ts';

/** A table of family `ip` with its chains, whole. */
export interface NatTable {
  name: string;
  chains: readonly NatChain[];
}

/** A base chain of type `nat` with policy accept. */
export interface NatChain {
  name: string;
  hook: keyof typeof hooks;
  priority: number;
  rules: readonly NatRule[];
}

/** Packets of `protocol` with this address and port as destination (source) get another destination (source). */
export interface NatRule {
  translate: 'destination' | 'source';
  protocol: keyof typeof protocols;
  from: { address: string; port: number };
  to: { address: string; port: number };
}

const hooks = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;
const protocols = { tcp: 6, udp: 17 } as const;

const NFT_MSG_NEWTABLE = 0;
const NFT_MSG_DELTABLE = 2;
const NFT_MSG_NEWCHAIN = 3;
const NFT_MSG_NEWRULE = 6;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;
const NLM_F_APPEND = 0x800;
const NFTA_TABLE_NAME = 1;
const NFTA_TABLE_FLAGS = 2;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_POLICY = 5;
const NFTA_CHAIN_TYPE = 7;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_HOOK_PRIORITY = 2;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_NAT_TYPE = 1;
const NFTA_NAT_FAMILY = 2;
const NFTA_NAT_REG_ADDR_MIN = 3;
const NFTA_NAT_REG_PROTO_MIN = 5;
const NF_ACCEPT = 1;
const headers = { network: 1, transport: 2 } as const;

/**
 * Makes the table in the network namespace of `socket` (a netfilter socket), in one kernel transaction and without a
 * process. Throws a `KernelError`, `EEXIST` when there is one of the name.
 */
export function createNatTable(socket: NetlinkSocket, table: NatTable): void {
  const all = [tableRequest(NFT_MSG_NEWTABLE, table.name, NLM_F_CREATE | NLM_F_EXCL), ...contents(table)];
  nftTransaction(socket, { call: 'create table', subject: table.name }, all);
}

/** Takes the table away. Idempotent. Throws a `KernelError`. */
export function removeNatTable(socket: NetlinkSocket, name: string): void {
  const request = tableRequest(NFT_MSG_DELTABLE, name, 0);
  try {
    nftTransaction(socket, { call: request.call, subject: name }, [request]);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** As `createNatTable`, in the place of whatever stands under this name: there is no moment without rules. */
export function replaceNatTable(socket: NetlinkSocket, table: NatTable): void {
  nftTransaction(socket, { call: 'replace table', subject: table.name }, [
    // What is deleted must exist: a table that is there already is left as it is by the first request.
    tableRequest(NFT_MSG_NEWTABLE, table.name, NLM_F_CREATE),
    tableRequest(NFT_MSG_DELTABLE, table.name, 0),
    tableRequest(NFT_MSG_NEWTABLE, table.name, NLM_F_CREATE),
    ...contents(table),
  ]);
}

function contents(table: NatTable): NetlinkRequest[] {
  return [
    ...table.chains.map((chain) => chainRequest(table.name, chain)),
    ...table.chains.flatMap((chain) => chain.rules.map((rule) => ruleRequest(table.name, chain.name, rule))),
  ];
}

function tableRequest(type: number, table: string, flags: number): NetlinkRequest {
  const call = type === NFT_MSG_NEWTABLE ? 'create table' : 'delete table';
  const attributes = [text(NFTA_TABLE_NAME, table), uint32be(NFTA_TABLE_FLAGS, 0)];
  return nftRequest(type, { family: 'ip', flags, call, subject: table, attributes });
}

function chainRequest(table: string, { name, hook, priority }: NatChain): NetlinkRequest {
  const place = nested(
    NFTA_CHAIN_HOOK,
    uint32be(NFTA_HOOK_HOOKNUM, hooks[hook]),
    uint32be(NFTA_HOOK_PRIORITY, priority),
  );
  const attributes = [
    text(NFTA_CHAIN_TABLE, table),
    text(NFTA_CHAIN_NAME, name),
    place,
    text(NFTA_CHAIN_TYPE, 'nat'),
    uint32be(NFTA_CHAIN_POLICY, NF_ACCEPT),
  ];
  return nftRequest(NFT_MSG_NEWCHAIN, {
    family: 'ip',
    flags: NLM_F_CREATE,
    call: 'create chain',
    subject: `${table} ${name}`,
    attributes,
  });
}

function ruleRequest(table: string, chain: string, rule: NatRule): NetlinkRequest {
  const attributes = [
    text(NFTA_RULE_TABLE, table),
    text(NFTA_RULE_CHAIN, chain),
    nested(NFTA_RULE_EXPRESSIONS, ...expressions(rule)),
  ];
  return nftRequest(NFT_MSG_NEWRULE, {
    family: 'ip',
    flags: NLM_F_CREATE | NLM_F_APPEND,
    call: 'add rule',
    subject: `${table} ${chain}`,
    attributes,
  });
}

/** As nft(8) compiles `ip daddr … udp dport … dnat to …`: see it by `nft --debug=netlink`. */
function expressions({ translate, protocol, from, to }: NatRule): Buffer[] {
  const isDestination = translate === 'destination';
  return [
    loadPayload(headers.network, { offset: isDestination ? 16 : 12, length: 4 }),
    equals(encodeAddress(from.address)),
    loadMeta('l4proto'),
    equals(Buffer.from([protocols[protocol]])),
    loadPayload(headers.transport, { offset: isDestination ? 2 : 0, length: 2 }),
    equals(portBytes(from.port)),
    loadValue(registers.first, encodeAddress(to.address)),
    loadValue(registers.second, portBytes(to.port)),
    expression(
      'nat',
      uint32be(NFTA_NAT_TYPE, isDestination ? 1 : 0),
      uint32be(NFTA_NAT_FAMILY, nftFamilies.ip),
      uint32be(NFTA_NAT_REG_ADDR_MIN, registers.first),
      uint32be(NFTA_NAT_REG_PROTO_MIN, registers.second),
    ),
  ];
}

function portBytes(port: number): Buffer {
  return Buffer.from([port >> 8, port & 255]);
}
