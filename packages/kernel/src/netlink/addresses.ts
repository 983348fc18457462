import { attribute, readAttributes } from './attributes.ts';
import { decodeAddress, encodeAddress, familyOf } from './ip-address.ts';
import type { NetlinkReply, NetlinkRequest, NetlinkSocket } from './netlink-socket.ts';

/** An address of an interface. */
export interface LinkAddress {
  linkIndex: number;
  address: string;
  prefixLength: number;
}

/** An address to be given. */
export interface NewAddress extends LinkAddress {
  /** IPv6: usable at once, for who gives out addresses knows that nobody else has it (RFC 4862, IFA_F_NODAD). */
  known?: boolean;
}

const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const NLM_F_CREATE_REPLACE = 0x500;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_BROADCAST = 4;
const IFA_F_NODAD = 2;
const headerBytes = 8;

/** Gives the link an address, with the subnet's broadcast address for IPv4. Nothing happens when it has it already. */
export function addAddress(address: NewAddress): NetlinkRequest {
  return addressRequest(RTM_NEWADDR, NLM_F_CREATE_REPLACE, address);
}

/** Fails with `EADDRNOTAVAIL` when the link does not have it. */
export function removeAddress(address: LinkAddress): NetlinkRequest {
  return addressRequest(RTM_DELADDR, 0, address);
}

/** All addresses of the socket's namespace, IPv4 and IPv6. */
export function listAddresses(socket: NetlinkSocket): LinkAddress[] {
  const payload = Buffer.alloc(headerBytes);
  return socket
    .dump({ type: RTM_GETADDR, flags: 0, payload, call: 'list', subject: 'addresses' })
    .flatMap(readAddress);
}

function addressRequest(
  type: number,
  flags: number,
  { linkIndex, address, prefixLength, known = false }: NewAddress,
): NetlinkRequest {
  const bytes = encodeAddress(address);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(familyOf(bytes), 0);
  header.writeUInt8(prefixLength, 1);
  if (known && bytes.length === 16) header.writeUInt8(IFA_F_NODAD, 2);
  header.writeUInt32LE(linkIndex, 4);
  const encoded = [header, attribute(IFA_LOCAL, bytes), attribute(IFA_ADDRESS, bytes)];
  if (bytes.length === 4 && prefixLength < 31)
    encoded.push(attribute(IFA_BROADCAST, broadcastOf(bytes, prefixLength)));
  return {
    type,
    flags,
    payload: Buffer.concat(encoded),
    call: type === RTM_NEWADDR ? 'add address' : 'remove address',
    subject: `${address}/${prefixLength} of link ${linkIndex}`,
  };
}

function broadcastOf(bytes: Buffer, prefixLength: number): Buffer {
  const broadcast = Buffer.alloc(4);
  broadcast.writeUInt32BE((bytes.readUInt32BE() | (0xffffffff >>> prefixLength)) >>> 0);
  return broadcast;
}

function readAddress({ payload }: NetlinkReply): LinkAddress[] {
  const attributes = readAttributes(payload.subarray(headerBytes));
  const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  if (bytes === undefined) return [];
  return [
    {
      linkIndex: payload.readUInt32LE(4),
      address: decodeAddress(bytes),
      prefixLength: payload.readUInt8(1),
    },
  ];
}
