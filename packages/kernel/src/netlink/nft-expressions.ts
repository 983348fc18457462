import { attribute, nested, readAttributes, readText, text, uint32be } from './attributes.ts';

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
const NFTA_DATA_VERDICT = 2;
const NFTA_VERDICT_CODE = 1;
const NFTA_TARGET_NAME = 1;
const NFT_CMP_EQ = 0;
const NF_DROP = 0;
const NF_ACCEPT = 1;
const metaKeys = { iifname: 6, oifname: 7, l4proto: 16 } as const;

/** What expressions read from and write to. A verdict ends the rule. */
export const registers = { verdict: 0, first: 1, second: 2 } as const;

/** One expression of a rule, as an element of its list. See what nft(8) makes of a rule by `nft --debug=netlink`. */
export function expression(name: string, ...data: readonly Buffer[]): Buffer {
  return nested(NFTA_LIST_ELEM, text(NFTA_EXPR_NAME, name), nested(NFTA_EXPR_DATA, ...data));
}

/** Bytes of the packet's network header (base 1) or transport header (2) into the first register. */
export function loadPayload(base: number, { offset, length }: { offset: number; length: number }): Buffer {
  return expression(
    'payload',
    uint32be(NFTA_PAYLOAD_DREG, registers.first),
    uint32be(NFTA_PAYLOAD_BASE, base),
    uint32be(NFTA_PAYLOAD_OFFSET, offset),
    uint32be(NFTA_PAYLOAD_LEN, length),
  );
}

/** What the kernel knows of the packet besides its bytes, into the first register. */
export function loadMeta(key: keyof typeof metaKeys): Buffer {
  return expression(
    'meta',
    uint32be(NFTA_META_KEY, metaKeys[key]),
    uint32be(NFTA_META_DREG, registers.first),
  );
}

/** Goes on with the rule when the first register has this value. */
export function equals(value: Uint8Array): Buffer {
  return expression(
    'cmp',
    uint32be(NFTA_CMP_SREG, registers.first),
    uint32be(NFTA_CMP_OP, NFT_CMP_EQ),
    nested(NFTA_CMP_DATA, attribute(NFTA_DATA_VALUE, value)),
  );
}

export function loadValue(register: number, value: Uint8Array): Buffer {
  return expression(
    'immediate',
    uint32be(NFTA_IMMEDIATE_DREG, register),
    nested(NFTA_IMMEDIATE_DATA, attribute(NFTA_DATA_VALUE, value)),
  );
}

export function accept(): Buffer {
  return expression(
    'immediate',
    uint32be(NFTA_IMMEDIATE_DREG, registers.verdict),
    nested(NFTA_IMMEDIATE_DATA, nested(NFTA_DATA_VERDICT, uint32be(NFTA_VERDICT_CODE, NF_ACCEPT))),
  );
}

/** The name of an expression that the kernel told of, and what it is made of. */
export function readExpression(element: Buffer): { name: string; data: ReadonlyMap<number, Buffer> } {
  const parts = readAttributes(element);
  const name = parts.get(NFTA_EXPR_NAME);
  const data = parts.get(NFTA_EXPR_DATA);
  return { name: name === undefined ? '' : readText(name), data: data ? readAttributes(data) : new Map() };
}

/** Whether the expression drops or rejects every packet that gets to it: nft's own, or a target of iptables. */
export function isRefusal({ name, data }: ReturnType<typeof readExpression>): boolean {
  if (name === 'reject') return true;
  if (name === 'target')
    return ['DROP', 'REJECT'].includes(readText(data.get(NFTA_TARGET_NAME) ?? Buffer.alloc(0)));
  return name === 'immediate' && verdictOf(data) === NF_DROP;
}

function verdictOf(data: ReadonlyMap<number, Buffer>): number | undefined {
  const value = data.get(NFTA_IMMEDIATE_DATA);
  const verdict = value && readAttributes(value).get(NFTA_DATA_VERDICT);
  return verdict && readAttributes(verdict).get(NFTA_VERDICT_CODE)?.readInt32BE(0);
}
