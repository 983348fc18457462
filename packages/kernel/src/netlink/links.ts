import { isErrno } from '../ffi/errno.ts';
import { attribute, nested, readAttributes, readText, text, uint8, uint32 } from './attributes.ts';
import { type NetlinkReply, type NetlinkRequest, NetlinkSocket } from './netlink-socket.ts';

/** A network interface as the kernel lists it. */
export interface Link {
  index: number;
  name: string;
  /** `bridge`, `veth`, …; empty for hardware and loopback. */
  kind: string;
  up: boolean;
  /** `02:42:ac:11:00:02`. */
  macAddress: string;
  mtu: number;
  /** Index of the bridge that this is a port of; 0 for none. */
  masterIndex: number;
  group: number;
  alias: string;
}

/** What a link can be given when it is made; what is left out the kernel chooses. */
export interface NewLink {
  name: string;
  macAddress?: string;
  mtu?: number;
  /** Index of a bridge to become a port of. */
  masterIndex?: number;
  /** Number that rules can know links by; 0 when nobody has said. */
  group?: number;
}

/** What a link is to become; what is left out stays. */
export interface LinkSettings extends Partial<NewLink> {
  /** Index of a bridge to become a port of; 0 to leave it. */
  masterIndex?: number;
  up?: boolean;
  /** False: neighbours are not asked for their hardware address; all have the link's own. */
  arp?: boolean;
  /** Free text shown by `ip link`; at most 255 bytes. The kernel ignores it in the message that makes a link. */
  alias?: string;
  /** An open descriptor of the network namespace to move to; with a name, that is its name there. */
  namespaceFd?: number;
  /** As a bridge port: frames may go back out where they came in. */
  hairpin?: boolean;
  /** As a bridge port: exchanges frames with the bridge itself and ports that are not isolated, with no other. */
  isolated?: boolean;
  /** False, in a message before the one that sets the link up: it gets no IPv6 link-local address of itself. */
  linkLocal?: boolean;
}

export const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
export const NLM_F_CREATE_EXCLUSIVE = 0x600;
const IFF_UP = 1;
const IFF_NOARP = 0x80;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_MASTER = 10;
export const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_STATS64 = 23;
const IFLA_AF_SPEC = 26;
const IFLA_GROUP = 27;
export const IFLA_NET_NS_FD = 28;
export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const IFLA_BRPORT_MODE = 4;
const IFLA_BRPORT_ISOLATED = 33;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;
const VETH_INFO_PEER = 1;
const AF_INET6 = 10;
const headerBytes = 16;

/** Makes a bridge, down. Fails with `EEXIST` when the name is taken. */
export function createBridge(bridge: NewLink): NetlinkRequest {
  return {
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE_EXCLUSIVE,
    payload: Buffer.concat([
      linkHeader({}),
      ...settingAttributes(bridge),
      nested(IFLA_LINKINFO, text(IFLA_INFO_KIND, 'bridge')),
    ]),
    call: 'create bridge',
    subject: bridge.name,
  };
}

/**
 * Makes a veth pair, both ends down: `near` here, `far` in the namespace of the open descriptor `farNamespaceFd` (here
 * when left out). Neither end can be set up in the same message (ENOTCONN): ask for that with `changeLink` afterwards.
 */
export function createVethPair(near: NewLink, far: NewLink & { namespaceFd?: number }): NetlinkRequest {
  const { namespaceFd, ...farSettings } = far;
  const peer = [
    linkHeader({}),
    ...settingAttributes(farSettings),
    ...(namespaceFd === undefined ? [] : [uint32(IFLA_NET_NS_FD, namespaceFd)]),
  ];
  return {
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE_EXCLUSIVE,
    payload: Buffer.concat([
      linkHeader({}),
      ...settingAttributes(near),
      nested(
        IFLA_LINKINFO,
        text(IFLA_INFO_KIND, 'veth'),
        nested(IFLA_INFO_DATA, attribute(VETH_INFO_PEER, Buffer.concat(peer))),
      ),
    ]),
    call: 'create veth',
    subject: `${near.name} with ${far.name}`,
  };
}

/** Changes the link of this index or name. A rename is asked for by index. */
export function changeLink(which: number | string, settings: LinkSettings): NetlinkRequest {
  const byName = typeof which === 'string';
  const portSettings = [
    ...(settings.hairpin === undefined ? [] : [uint8(IFLA_BRPORT_MODE, Number(settings.hairpin))]),
    ...(settings.isolated === undefined ? [] : [uint8(IFLA_BRPORT_ISOLATED, Number(settings.isolated))]),
  ];
  return {
    type: RTM_NEWLINK,
    flags: 0,
    payload: Buffer.concat([
      linkHeader({
        ...(byName ? {} : { index: which }),
        ...(settings.up === undefined ? {} : { up: settings.up }),
        ...(settings.arp === undefined ? {} : { arp: settings.arp }),
      }),
      ...settingAttributes({ ...settings, ...(byName ? { name: which } : {}) }),
      ...(portSettings.length === 0
        ? []
        : [
            nested(
              IFLA_LINKINFO,
              text(IFLA_INFO_SLAVE_KIND, 'bridge'),
              nested(IFLA_INFO_SLAVE_DATA, ...portSettings),
            ),
          ]),
    ]),
    call: 'change link',
    subject: String(which),
  };
}

/** Deletes a link, and the other end of a veth with it. Takes about 17 ms, holding the kernel's network lock. */
export function deleteLink(which: number | string): NetlinkRequest {
  return {
    type: RTM_DELLINK,
    flags: 0,
    payload: Buffer.concat([selectorHeader(which), ...nameOf(which)]),
    call: 'delete link',
    subject: String(which),
  };
}

/** Deletes a link now; nothing happens when there is none (any more). */
export function removeLink(socket: NetlinkSocket, which: number | string): void {
  try {
    socket.request(deleteLink(which));
  } catch (error) {
    if (!isErrno(error, 'ENODEV')) throw error;
  }
}

/** As `removeLink`, in this thread's network namespace, while the event loop goes on. */
export async function removeLinkLater(which: number | string): Promise<void> {
  using socket = NetlinkSocket.open();
  try {
    await socket.requestLater(deleteLink(which));
  } catch (error) {
    if (!isErrno(error, 'ENODEV')) throw error;
  }
}

/** The link of this name or index, or undefined. */
export function findLink(socket: NetlinkSocket, which: number | string): Link | undefined {
  try {
    const [reply] = socket.get({
      type: RTM_GETLINK,
      flags: 0,
      payload: Buffer.concat([selectorHeader(which), ...nameOf(which)]),
      call: 'get link',
      subject: String(which),
    });
    return reply && readLink(reply);
  } catch (error) {
    if (isErrno(error, 'ENODEV')) return undefined;
    throw error;
  }
}

/** All links of the socket's namespace. */
export function listLinks(socket: NetlinkSocket): Link[] {
  return socket
    .dump({ type: RTM_GETLINK, flags: 0, payload: linkHeader({}), call: 'list', subject: 'links' })
    .map(readLink);
}

/** What has passed a link since it was made, as the host sees it. */
export interface LinkTraffic {
  name: string;
  alias: string;
  received: LinkCount;
  sent: LinkCount;
}

export interface LinkCount {
  bytes: number;
  packets: number;
  errors: number;
  dropped: number;
}

/** The traffic of all links of the socket's namespace; no more of each message is read than that takes. */
export function listLinkTraffic(socket: NetlinkSocket): LinkTraffic[] {
  return socket
    .dump({ type: RTM_GETLINK, flags: 0, payload: linkHeader({}), call: 'list', subject: 'links' })
    .map(readTraffic);
}

/** `struct rtnl_link_stats64`: packets, bytes, errors and drops, each first received, then sent. */
function readTraffic({ payload }: NetlinkReply): LinkTraffic {
  const attributes = readAttributes(payload.subarray(headerBytes));
  const counts = attributes.get(IFLA_STATS64) ?? emptyStats;
  const count = (index: number): number => Number(counts.readBigUInt64LE(index * 8));
  const name = attributes.get(IFLA_IFNAME);
  const alias = attributes.get(IFLA_IFALIAS);
  return {
    name: name === undefined ? '' : readText(name),
    alias: alias === undefined ? '' : readText(alias),
    received: { packets: count(0), bytes: count(2), errors: count(4), dropped: count(6) },
    sent: { packets: count(1), bytes: count(3), errors: count(5), dropped: count(7) },
  };
}

const emptyStats = Buffer.alloc(64);

/** `struct ifinfomsg`: family, padding, type, index, flags, mask of the flags that change. */
export function linkHeader({ index = 0, up, arp }: { index?: number; up?: boolean; arp?: boolean }): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE((up === true ? IFF_UP : 0) | (arp === false ? IFF_NOARP : 0), 8);
  header.writeUInt32LE((up === undefined ? 0 : IFF_UP) | (arp === undefined ? 0 : IFF_NOARP), 12);
  return header;
}

function selectorHeader(which: number | string): Buffer {
  return linkHeader(typeof which === 'number' ? { index: which } : {});
}

function nameOf(which: number | string): Buffer[] {
  return typeof which === 'string' ? [text(IFLA_IFNAME, which)] : [];
}

export function settingAttributes(settings: LinkSettings): Buffer[] {
  const encoded: Buffer[] = [];
  if (settings.name !== undefined) encoded.push(text(IFLA_IFNAME, settings.name));
  if (settings.macAddress !== undefined) {
    encoded.push(attribute(IFLA_ADDRESS, Buffer.from(settings.macAddress.replaceAll(':', ''), 'hex')));
  }
  if (settings.mtu !== undefined) encoded.push(uint32(IFLA_MTU, settings.mtu));
  if (settings.masterIndex !== undefined) encoded.push(uint32(IFLA_MASTER, settings.masterIndex));
  if (settings.group !== undefined) encoded.push(uint32(IFLA_GROUP, settings.group));
  if (settings.alias !== undefined) encoded.push(attribute(IFLA_IFALIAS, Buffer.from(settings.alias)));
  if (settings.namespaceFd !== undefined) encoded.push(uint32(IFLA_NET_NS_FD, settings.namespaceFd));
  if (settings.linkLocal === false) {
    const mode = uint8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    encoded.push(nested(IFLA_AF_SPEC, nested(AF_INET6, mode)));
  }
  return encoded;
}

function readLink({ payload }: NetlinkReply): Link {
  const attributes = readAttributes(payload.subarray(headerBytes));
  const info = readAttributes(attributes.get(IFLA_LINKINFO) ?? Buffer.alloc(0));
  const textOf = (value: Buffer | undefined): string => (value === undefined ? '' : readText(value));
  return {
    index: payload.readInt32LE(4),
    name: textOf(attributes.get(IFLA_IFNAME)),
    kind: textOf(info.get(IFLA_INFO_KIND)),
    up: (payload.readUInt32LE(8) & IFF_UP) !== 0,
    macAddress: [...(attributes.get(IFLA_ADDRESS) ?? [])]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join(':'),
    mtu: attributes.get(IFLA_MTU)?.readUInt32LE() ?? 0,
    masterIndex: attributes.get(IFLA_MASTER)?.readUInt32LE() ?? 0,
    group: attributes.get(IFLA_GROUP)?.readUInt32LE() ?? 0,
    alias: textOf(attributes.get(IFLA_IFALIAS)),
  };
}
