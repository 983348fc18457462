import { attribute, readAttributes, uint32 } from './attributes.ts';
import { decodeAddress, encodeAddress, familyOf } from './ip-address.ts';
import type { NetlinkReply, NetlinkRequest, NetlinkSocket } from './netlink-socket.ts';

/** A unicast route. Without a destination it is the default route. */
export interface Route {
  destination?: { address: string; prefixLength: number };
  gateway?: string;
  linkIndex?: number;
  /** Of a route that has neither destination nor gateway; 4 when missing. */
  family?: 4 | 6;
}

/** A route as the kernel lists it. */
export interface ListedRoute extends Route {
  /** 254 is the main table, 255 the kernel's local one. */
  table: number;
}

const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;
const NLM_F_CREATE_EXCLUSIVE = 0x600;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_TABLE = 15;
const RT_TABLE_MAIN = 254;
const RTPROT_BOOT = 3;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;
const RTN_UNICAST = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const headerBytes = 12;

/** Adds a route to the main table. Fails with `EEXIST` when there is one, `ENETUNREACH` when the gateway is not on a link. */
export function addRoute(route: Route): NetlinkRequest {
  const scope = route.gateway === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  return routeRequest({ type: RTM_NEWROUTE, flags: NLM_F_CREATE_EXCLUSIVE, scope, call: 'add route' }, route);
}

/** Fails with `ESRCH` when there is no such route. */
export function removeRoute(route: Route): NetlinkRequest {
  return routeRequest({ type: RTM_DELROUTE, flags: 0, scope: RT_SCOPE_NOWHERE, call: 'remove route' }, route);
}

/** All routes of one family in the socket's namespace, of every table. */
export function listRoutes(socket: NetlinkSocket, family: 4 | 6 = 4): ListedRoute[] {
  const payload = Buffer.alloc(headerBytes);
  payload.writeUInt8(family === 4 ? AF_INET : AF_INET6, 0);
  return socket
    .dump({ type: RTM_GETROUTE, flags: 0, payload, call: 'list', subject: 'routes' })
    .map(readRoute);
}

function routeRequest(
  { type, flags, scope, call }: { type: number; flags: number; scope: number; call: string },
  { destination, gateway, linkIndex, family = 4 }: Route,
): NetlinkRequest {
  const destinationBytes = destination && encodeAddress(destination.address);
  const gatewayBytes = gateway === undefined ? undefined : encodeAddress(gateway);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(familyOf(gatewayBytes ?? destinationBytes ?? Buffer.alloc(family === 4 ? 4 : 16)), 0);
  header.writeUInt8(destination?.prefixLength ?? 0, 1);
  header.writeUInt8(RT_TABLE_MAIN, 4);
  header.writeUInt8(RTPROT_BOOT, 5);
  header.writeUInt8(scope, 6);
  header.writeUInt8(RTN_UNICAST, 7);
  return {
    type,
    flags,
    payload: Buffer.concat([
      header,
      ...(destinationBytes ? [attribute(RTA_DST, destinationBytes)] : []),
      ...(gatewayBytes ? [attribute(RTA_GATEWAY, gatewayBytes)] : []),
      ...(linkIndex === undefined ? [] : [uint32(RTA_OIF, linkIndex)]),
    ]),
    call,
    subject: destination
      ? `${destination.address}/${destination.prefixLength}`
      : `default via ${gateway ?? 'link'}`,
  };
}

function readRoute({ payload }: NetlinkReply): ListedRoute {
  const attributes = readAttributes(payload.subarray(headerBytes));
  const destination = attributes.get(RTA_DST);
  const gateway = attributes.get(RTA_GATEWAY);
  const linkIndex = attributes.get(RTA_OIF);
  return {
    table: attributes.get(RTA_TABLE)?.readUInt32LE() ?? payload.readUInt8(4),
    ...(destination
      ? { destination: { address: decodeAddress(destination), prefixLength: payload.readUInt8(1) } }
      : {}),
    ...(gateway ? { gateway: decodeAddress(gateway) } : {}),
    ...(linkIndex ? { linkIndex: linkIndex.readUInt32LE() } : {}),
  };
}
