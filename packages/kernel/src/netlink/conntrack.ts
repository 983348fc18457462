import { isErrno } from '../ffi/errno.ts';
import { attribute, nested, readAttributes, uint8, uint16be, uint32 } from './attributes.ts';
import { encodeAddress } from './ip-address.ts';
import type { NetlinkReply, NetlinkRequest, NetlinkSocket } from './netlink-socket.ts';

/** Which tracked flows are meant: all that is given must hold. */
export interface FlowFilter {
  family: 'ipv4' | 'ipv6';
  protocol: 'tcp' | 'udp' | 'sctp';
  /** The port that the first packet was sent to, before any translation. */
  originalPort?: number;
  /** Who answers: after translation, a container. */
  answerer?: { address: string; port: number };
}

const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_GET = (NFNL_SUBSYS_CTNETLINK << 8) | 1;
const IPCTNL_MSG_CT_DELETE = (NFNL_SUBSYS_CTNETLINK << 8) | 2;
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_ID = 12;
const CTA_FILTER = 25;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_IP_V4_SRC = 1;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
const CTA_FILTER_ORIG_FLAGS = 1;
const CTA_FILTER_REPLY_FLAGS = 2;
/** linux/net/netfilter/nf_internals.h: what of a tuple a dump is filtered by (kernel 5.8). */
const filterFlags = { sourceAddress: 1 << 0, protocol: 1 << 3, sourcePort: 1 << 4, destinationPort: 1 << 5 };
const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const;
const CTA_IP_V6_SRC = 3;
const families = { ipv4: 2, ipv6: 10 } as const;
const sourceOf = { ipv4: CTA_IP_V4_SRC, ipv6: CTA_IP_V6_SRC } as const;
const headerBytes = 4;
const nestedFlag = 0x8000;

/**
 * Makes the kernel forget the flows, so that their next packet is translated by the rules of now; a UDP flow that
 * never pauses would keep its old translation for ever. `socket` is a netfilter socket. Returns how many there were.
 */
export function forgetFlows(socket: NetlinkSocket, filter: FlowFilter): number {
  const flows = socket
    .dump({
      type: IPCTNL_MSG_CT_GET,
      flags: 0,
      payload: Buffer.concat([messageHeader(filter), ...filterAttributes(filter)]),
      call: 'list',
      subject: 'tracked flows',
    })
    .filter((flow) => isMeant(flow, filter));
  let forgotten = 0;
  for (const flow of flows) {
    try {
      socket.request(deletion(flow, filter));
      forgotten += 1;
    } catch (error) {
      // It ended by itself in between.
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
  return forgotten;
}

/** `struct nfgenmsg`: family, version 0, resource 0. */
function messageHeader({ family }: FlowFilter): Buffer {
  return Buffer.from([families[family], 0, 0, 0]);
}

function filterAttributes({ family, protocol, originalPort, answerer }: FlowFilter): Buffer[] {
  const number = uint8(CTA_PROTO_NUM, protocolNumbers[protocol]);
  const encoded: Buffer[] = [];
  let originalFlags = 0;
  let replyFlags = 0;
  if (originalPort !== undefined) {
    originalFlags = filterFlags.protocol | filterFlags.destinationPort;
    const ports = nested(CTA_TUPLE_PROTO, number, uint16be(CTA_PROTO_DST_PORT, originalPort));
    encoded.push(nested(CTA_TUPLE_ORIG, ports));
  }
  if (answerer !== undefined) {
    replyFlags = filterFlags.sourceAddress | filterFlags.protocol | filterFlags.sourcePort;
    const address = nested(CTA_TUPLE_IP, attribute(sourceOf[family], encodeAddress(answerer.address)));
    const ports = nested(CTA_TUPLE_PROTO, number, uint16be(CTA_PROTO_SRC_PORT, answerer.port));
    encoded.push(nested(CTA_TUPLE_REPLY, address, ports));
  }
  const flags = nested(
    CTA_FILTER,
    uint32(CTA_FILTER_ORIG_FLAGS, originalFlags),
    uint32(CTA_FILTER_REPLY_FLAGS, replyFlags),
  );
  return [...encoded, flags];
}

/** A kernel before 5.8 lists every flow. */
function isMeant({ payload }: NetlinkReply, { protocol, originalPort, answerer }: FlowFilter): boolean {
  const attributes = readAttributes(payload.subarray(headerBytes));
  const original = tupleOf(attributes.get(CTA_TUPLE_ORIG));
  const reply = tupleOf(attributes.get(CTA_TUPLE_REPLY));
  if (original.protocol !== protocolNumbers[protocol]) return false;
  if (originalPort !== undefined && original.destinationPort !== originalPort) return false;
  if (answerer === undefined) return true;
  return reply.sourcePort === answerer.port && reply.source?.equals(encodeAddress(answerer.address)) === true;
}

interface Tuple {
  source: Buffer | undefined;
  protocol: number | undefined;
  sourcePort: number | undefined;
  destinationPort: number | undefined;
}

function tupleOf(encoded: Buffer = Buffer.alloc(0)): Tuple {
  const parts = readAttributes(encoded);
  const address = readAttributes(parts.get(CTA_TUPLE_IP) ?? Buffer.alloc(0));
  const protocol = readAttributes(parts.get(CTA_TUPLE_PROTO) ?? Buffer.alloc(0));
  return {
    source: address.get(CTA_IP_V4_SRC) ?? address.get(CTA_IP_V6_SRC),
    protocol: protocol.get(CTA_PROTO_NUM)?.readUInt8(),
    sourcePort: protocol.get(CTA_PROTO_SRC_PORT)?.readUInt16BE(),
    destinationPort: protocol.get(CTA_PROTO_DST_PORT)?.readUInt16BE(),
  };
}

/** By its tuple and its id, so that a flow that took its place since is spared. */
function deletion({ payload }: NetlinkReply, filter: FlowFilter): NetlinkRequest {
  const attributes = readAttributes(payload.subarray(headerBytes));
  const original = attributes.get(CTA_TUPLE_ORIG) ?? Buffer.alloc(0);
  const id = attributes.get(CTA_ID);
  return {
    type: IPCTNL_MSG_CT_DELETE,
    flags: 0,
    payload: Buffer.concat([
      messageHeader(filter),
      attribute(CTA_TUPLE_ORIG | nestedFlag, original),
      ...(id === undefined ? [] : [attribute(CTA_ID, id)]),
    ]),
    call: 'forget',
    subject: 'tracked flow',
  };
}
