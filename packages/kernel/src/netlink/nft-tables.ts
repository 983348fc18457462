import { attribute, nested, text, uint32be } from './attributes.ts';
import { encodeAddress } from './ip-address.ts';
import type { NetlinkRequest, NetlinkSocket } from './netlink-socket.ts';
import { nftMessage, nftTransaction } from './nft-batch.ts';

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
const NFPROTO_IPV4 = 2;
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
const NFTA_LIST_ELEM = 1;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_PAYLOAD_DREG = 1;
const NFTA_PAYLOAD_BASE = 2;
const NFTA_PAYLOAD_OFFSET = 3;
const NFTA_PAYLOAD_LEN = 4;
const NFTA_META_DREG = 1;
const NFTA_META_KEY = 2;
const NFTA_CMP_SREG = 1;
const NFTA_CMP_OP = 2;
const NFTA_CMP_DATA = 3;
const NFTA_IMMEDIATE_DREG = 1;
const NFTA_IMMEDIATE_DATA = 2;
const NFTA_DATA_VALUE = 1;
const NFTA_NAT_TYPE = 1;
const NFTA_NAT_FAMILY = 2;
const NFTA_NAT_REG_ADDR_MIN = 3;
const NFTA_NAT_REG_PROTO_MIN = 5;
const NFT_REG_1 = 1;
const NFT_REG_2 = 2;
const NFT_META_L4PROTO = 16;
const NFT_CMP_EQ = 0;
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
  return request(type, { flags, call, subject: table, attributes });
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
  return request(NFT_MSG_NEWCHAIN, {
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
  return request(NFT_MSG_NEWRULE, {
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
    expression('meta', uint32be(NFTA_META_KEY, NFT_META_L4PROTO), uint32be(NFTA_META_DREG, NFT_REG_1)),
    equals(Buffer.from([protocols[protocol]])),
    loadPayload(headers.transport, { offset: isDestination ? 2 : 0, length: 2 }),
    equals(portBytes(from.port)),
    immediate(NFT_REG_1, encodeAddress(to.address)),
    immediate(NFT_REG_2, portBytes(to.port)),
    expression(
      'nat',
      uint32be(NFTA_NAT_TYPE, isDestination ? 1 : 0),
      uint32be(NFTA_NAT_FAMILY, NFPROTO_IPV4),
      uint32be(NFTA_NAT_REG_ADDR_MIN, NFT_REG_1),
      uint32be(NFTA_NAT_REG_PROTO_MIN, NFT_REG_2),
    ),
  ];
}

function loadPayload(base: number, { offset, length }: { offset: number; length: number }): Buffer {
  return expression(
    'payload',
    uint32be(NFTA_PAYLOAD_DREG, NFT_REG_1),
    uint32be(NFTA_PAYLOAD_BASE, base),
    uint32be(NFTA_PAYLOAD_OFFSET, offset),
    uint32be(NFTA_PAYLOAD_LEN, length),
  );
}

function equals(value: Uint8Array): Buffer {
  return expression(
    'cmp',
    uint32be(NFTA_CMP_SREG, NFT_REG_1),
    uint32be(NFTA_CMP_OP, NFT_CMP_EQ),
    nested(NFTA_CMP_DATA, attribute(NFTA_DATA_VALUE, value)),
  );
}

function immediate(register: number, value: Uint8Array): Buffer {
  return expression(
    'immediate',
    uint32be(NFTA_IMMEDIATE_DREG, register),
    nested(NFTA_IMMEDIATE_DATA, attribute(NFTA_DATA_VALUE, value)),
  );
}

function expression(name: string, ...data: readonly Buffer[]): Buffer {
  return nested(NFTA_LIST_ELEM, text(NFTA_EXPR_NAME, name), nested(NFTA_EXPR_DATA, ...data));
}

function portBytes(port: number): Buffer {
  return Buffer.from([port >> 8, port & 255]);
}

/** `struct nfgenmsg`: family, version 0, resource 0; then the attributes. */
function request(
  type: number,
  {
    flags,
    call,
    subject,
    attributes,
  }: { flags: number; call: string; subject: string; attributes: readonly Buffer[] },
): NetlinkRequest {
  const payload = Buffer.concat([Buffer.from([NFPROTO_IPV4, 0, 0, 0]), ...attributes]);
  return { type: nftMessage(type), flags, payload, call, subject };
}
