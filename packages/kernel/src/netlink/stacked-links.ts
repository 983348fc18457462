import { isErrno } from '../ffi/errno.ts';
import { attribute, nested, text, uint32 } from './attributes.ts';
import {
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_NET_NS_FD,
  linkHeader,
  type NewLink,
  NLM_F_CREATE_EXCLUSIVE,
  RTM_NEWLINK,
  settingAttributes,
} from './links.ts';
import type { NetlinkRequest, NetlinkSocket } from './netlink-socket.ts';

/** A link on top of another, made in the namespace of the open descriptor `namespaceFd`, or here. */
export interface StackedLink extends NewLink {
  /** Index of the link below, in the namespace of the socket. */
  parentIndex: number;
  namespaceFd?: number;
}

export type MacvlanMode = 'private' | 'vepa' | 'bridge' | 'passthru';
export type IpvlanMode = 'l2' | 'l3' | 'l3s';
export type IpvlanFlag = 'bridge' | 'private' | 'vepa';
export type StackedKind = 'macvlan' | 'ipvlan' | 'vlan';

const IFLA_LINK = 5;
const IFLA_MACVLAN_MODE = 1;
const IFLA_IPVLAN_MODE = 1;
const IFLA_IPVLAN_FLAGS = 2;
const IFLA_VLAN_ID = 1;
const macvlanModes: Readonly<Record<MacvlanMode, number>> = { private: 1, vepa: 2, bridge: 4, passthru: 8 };
const ipvlanModes: Readonly<Record<IpvlanMode, number>> = { l2: 0, l3: 1, l3s: 2 };
const ipvlanFlags: Readonly<Record<IpvlanFlag, number>> = { bridge: 0, private: 1, vepa: 2 };

/** Makes a link with an address of its own on the wire of its parent. Fails with `EOPNOTSUPP` where the kernel has none. */
export function createMacvlan(link: StackedLink, mode: MacvlanMode): NetlinkRequest {
  return stackedRequest('macvlan', link, uint32(IFLA_MACVLAN_MODE, macvlanModes[mode]));
}

/** Makes a link that shares its parent's MAC address. Fails with `EOPNOTSUPP` where the kernel has none. */
export function createIpvlan(
  link: StackedLink,
  { mode, flag }: { mode: IpvlanMode; flag: IpvlanFlag },
): NetlinkRequest {
  return stackedRequest(
    'ipvlan',
    link,
    uint16(IFLA_IPVLAN_MODE, ipvlanModes[mode]),
    uint16(IFLA_IPVLAN_FLAGS, ipvlanFlags[flag]),
  );
}

/** Makes the link of one VLAN of its parent (802.1Q). Fails with `EOPNOTSUPP` where the kernel has none. */
export function createVlan(link: StackedLink, id: number): NetlinkRequest {
  return stackedRequest('vlan', link, uint16(IFLA_VLAN_ID, id));
}

/** Whether this kernel has links of the kind: it refuses an unknown kind before it misses the parent. Makes nothing. */
export function knowsLinkKind(socket: NetlinkSocket, kind: StackedKind): boolean {
  try {
    socket.request(linkRequest('', linkHeader({}), nested(IFLA_LINKINFO, text(IFLA_INFO_KIND, kind))));
    return true;
  } catch (error) {
    return !isErrno(error, 'EOPNOTSUPP', 'ENOTSUP');
  }
}

function stackedRequest(kind: StackedKind, link: StackedLink, ...data: readonly Buffer[]): NetlinkRequest {
  const { parentIndex, namespaceFd, ...settings } = link;
  return linkRequest(
    `${kind} ${link.name}`,
    linkHeader({}),
    ...settingAttributes(settings),
    uint32(IFLA_LINK, parentIndex),
    ...(namespaceFd === undefined ? [] : [uint32(IFLA_NET_NS_FD, namespaceFd)]),
    nested(IFLA_LINKINFO, text(IFLA_INFO_KIND, kind), nested(IFLA_INFO_DATA, ...data)),
  );
}

function linkRequest(subject: string, ...parts: readonly Buffer[]): NetlinkRequest {
  const payload = Buffer.concat(parts);
  return { type: RTM_NEWLINK, flags: NLM_F_CREATE_EXCLUSIVE, payload, call: 'create', subject };
}

function uint16(type: number, value: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16LE(value);
  return attribute(type, payload);
}
