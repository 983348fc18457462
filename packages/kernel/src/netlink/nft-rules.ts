import { attribute, listAttributes, nested, readAttributes, readText, text, uint64be } from './attributes.ts';
import type { NetlinkReply, NetlinkSocket } from './netlink-socket.ts';
import { type NftFamily, nftFamilies, nftRequest, nftTransaction } from './nft-batch.ts';
import { accept, equals, isRefusal, loadMeta, readExpression } from './nft-expressions.ts';

/** Where rules are. */
export interface NftChain {
  family: NftFamily;
  table: string;
  name: string;
}

export interface ListedChain extends NftChain {
  /** It stands at the forward hook: forwarded packets pass it. */
  forwards: boolean;
  /** What no rule accepts is dropped. */
  drops: boolean;
}

export interface ListedRule {
  /** Its number in the table. */
  handle: bigint;
  /** As nft(8) writes it; an iptables comment is none. */
  comment: string;
  /** Every packet that gets to it is dropped or rejected. */
  refusesAll: boolean;
}

/** Accepts what comes from (`iifname`) or goes to (`oifname`) an interface. */
export interface AcceptRule {
  side: 'iifname' | 'oifname';
  interfaceName: string;
  /** At most 127 bytes. */
  comment: string;
}

const NFT_MSG_GETCHAIN = 4;
const NFT_MSG_NEWRULE = 6;
const NFT_MSG_GETRULE = 7;
const NFT_MSG_DELRULE = 8;
const NLM_F_CREATE = 0x400;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_POLICY = 5;
const NFTA_HOOK_HOOKNUM = 1;
const NF_INET_FORWARD = 2;
const NF_DROP = 0;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_HANDLE = 3;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_RULE_USERDATA = 7;
/** Of libnftnl: user data are type, length and value, a byte the first two. */
const NFTNL_UDATA_RULE_COMMENT = 0;
const interfaceNameBytes = 16;
/** A transaction travels in one message. */
const changesAtOnce = 200;

/** The chains of all tables for IP packets, in one request. `socket` is a netfilter socket. */
export function listChains(socket: NetlinkSocket): ListedChain[] {
  const request = nftRequest(NFT_MSG_GETCHAIN, {
    flags: 0,
    call: 'list chains',
    subject: 'of all tables',
    attributes: [],
  });
  return socket.dump(request).flatMap(chainOf);
}

/** The rules of a chain in their order, in one request. None for a chain that is not there. */
export function listRules(socket: NetlinkSocket, chain: NftChain): ListedRule[] {
  const request = nftRequest(NFT_MSG_GETRULE, {
    family: chain.family,
    flags: 0,
    call: 'list rules',
    subject: subjectOf(chain),
    attributes: placeOf(chain),
  });
  return socket.dump(request).map(ruleOf);
}

/**
 * Puts rules at the head of a chain, the last of them first, and takes rules out of it; up to 200 changes are one
 * transaction. Throws a `KernelError`: `ENOENT` when the chain or a removed rule is not there.
 */
export function changeRules(
  socket: NetlinkSocket,
  chain: NftChain,
  { inserted = [], removed = [] }: { inserted?: readonly AcceptRule[]; removed?: readonly bigint[] },
): void {
  const subject = subjectOf(chain);
  const { family } = chain;
  const requests = [
    ...removed.map((handle) =>
      nftRequest(NFT_MSG_DELRULE, {
        family,
        flags: 0,
        call: 'delete rule',
        subject,
        attributes: [...placeOf(chain), uint64be(NFTA_RULE_HANDLE, handle)],
      }),
    ),
    ...inserted.map((rule) =>
      nftRequest(NFT_MSG_NEWRULE, {
        family,
        flags: NLM_F_CREATE,
        call: 'insert rule',
        subject,
        attributes: [...placeOf(chain), ...contentsOf(rule)],
      }),
    ),
  ];
  for (let first = 0; first < requests.length; first += changesAtOnce) {
    nftTransaction(socket, { call: 'change rules', subject }, requests.slice(first, first + changesAtOnce));
  }
}

function chainOf({ payload }: NetlinkReply): ListedChain[] {
  const family = familyOf(payload);
  if (family === undefined) return [];
  const parts = readAttributes(payload.subarray(4));
  const hook = parts.get(NFTA_CHAIN_HOOK);
  const number = hook && readAttributes(hook).get(NFTA_HOOK_HOOKNUM)?.readUInt32BE(0);
  return [
    {
      family,
      table: textIn(parts, NFTA_CHAIN_TABLE),
      name: textIn(parts, NFTA_CHAIN_NAME),
      forwards: number === NF_INET_FORWARD,
      drops: parts.get(NFTA_CHAIN_POLICY)?.readUInt32BE(0) === NF_DROP,
    },
  ];
}

function ruleOf({ payload }: NetlinkReply): ListedRule {
  const parts = readAttributes(payload.subarray(4));
  const list = [...listAttributes(parts.get(NFTA_RULE_EXPRESSIONS) ?? Buffer.alloc(0))];
  const [only, ...others] = list
    .map(([, element]) => readExpression(element))
    .filter(({ name }) => name !== 'counter' && name !== 'log');
  return {
    handle: parts.get(NFTA_RULE_HANDLE)?.readBigUInt64BE(0) ?? 0n,
    comment: commentIn(parts.get(NFTA_RULE_USERDATA)),
    refusesAll: only !== undefined && others.length === 0 && isRefusal(only),
  };
}

function commentIn(userData: Buffer = Buffer.alloc(0)): string {
  for (let offset = 0; offset + 2 <= userData.length; ) {
    const lengthBytes = userData.readUInt8(offset + 1);
    const value = userData.subarray(offset + 2, offset + 2 + lengthBytes);
    if (userData.readUInt8(offset) === NFTNL_UDATA_RULE_COMMENT) return readText(value);
    offset += 2 + lengthBytes;
  }
  return '';
}

function contentsOf({ side, interfaceName, comment }: AcceptRule): Buffer[] {
  const name = Buffer.alloc(interfaceNameBytes);
  name.write(interfaceName);
  const words = Buffer.from(`${comment}\0`);
  return [
    nested(NFTA_RULE_EXPRESSIONS, loadMeta(side), equals(name), accept()),
    attribute(
      NFTA_RULE_USERDATA,
      Buffer.concat([Buffer.from([NFTNL_UDATA_RULE_COMMENT, words.length]), words]),
    ),
  ];
}

function familyOf(payload: Buffer): NftFamily | undefined {
  const number = payload[0];
  return (['ip', 'ip6', 'inet'] as const).find((family) => nftFamilies[family] === number);
}

function placeOf({ table, name }: NftChain): Buffer[] {
  return [text(NFTA_RULE_TABLE, table), text(NFTA_RULE_CHAIN, name)];
}

function subjectOf({ family, table, name }: NftChain): string {
  return `${family} ${table} ${name}`;
}

function textIn(parts: ReadonlyMap<number, Buffer>, type: number): string {
  const value = parts.get(type);
  return value === undefined ? '' : readText(value);
}
