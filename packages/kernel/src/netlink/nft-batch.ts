import type { NetlinkRequest, NetlinkSocket } from './netlink-socket.ts';

const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;

/** The type of an nftables message (linux/netfilter/nf_tables.h, `enum nf_tables_msg_types`) on the wire. */
export function nftMessage(type: number): number {
  return (NFNL_SUBSYS_NFTABLES << 8) | type;
}

/** Kinds of packets that a table sees (linux/netfilter.h, `NFPROTO_*`). */
export const nftFamilies = { inet: 1, ip: 2, ip6: 10 } as const;
export type NftFamily = keyof typeof nftFamilies;

/** A message about an object of a table of `family`; without it, about those of all families. Its payload: `struct nfgenmsg` (family, version 0, resource 0), then the attributes. */
export function nftRequest(
  type: number,
  {
    family,
    flags,
    call,
    subject,
    attributes,
  }: { family?: NftFamily; flags: number; call: string; subject: string; attributes: readonly Buffer[] },
): NetlinkRequest {
  const head = Buffer.from([family === undefined ? 0 : nftFamilies[family], 0, 0, 0]);
  return { type: nftMessage(type), flags, payload: Buffer.concat([head, ...attributes]), call, subject };
}

/**
 * Sends the requests as one kernel transaction: all or nothing. `socket` is a netfilter socket. At most 208 requests, so
 * that they travel in one message with the marks around them. `subject` names the object in errors.
 */
export function nftTransaction(
  socket: NetlinkSocket,
  { call, subject }: { call: string; subject: string },
  requests: readonly NetlinkRequest[],
): void {
  // `struct nfgenmsg` of a mark carries the subsystem, big-endian, and no attributes.
  const payload = Buffer.from([0, 0, 0, NFNL_SUBSYS_NFTABLES]);
  const mark = (type: number): NetlinkRequest => ({ type, flags: 0, payload, call, subject, silent: true });
  socket.request(mark(NFNL_MSG_BATCH_BEGIN), ...requests, mark(NFNL_MSG_BATCH_END));
}
