import {
  addAddress,
  addRoute,
  changeLink,
  findLink,
  isErrno,
  type NetlinkRequest,
  type NetlinkSocket,
  type Route,
  removeRoute,
  withNetworkNamespace,
  writeSysctl,
} from '@gantry/kernel';
import { InvalidEndpointError } from '../errors.ts';
import { interfaceSysctls } from './endpoint-wish.ts';
import type { Gateways } from './gateways.ts';
import type { EndpointRecord } from './sandbox-record.ts';

/** Where an interface is configured. */
export interface Inside {
  namespacePath: string;
  socket: NetlinkSocket;
}

/** The settings of a fresh namespace, from inside: an interface has IPv6 only when its network has. Loopback keeps ::1. */
export function prepareNamespace(): void {
  setting(['net', 'ipv6', 'conf', 'default', 'disable_ipv6'], '1');
}

/**
 * Gives an interface that a driver made its settings and addresses, sets it up, and lets the default routes of which it is
 * the gateway go by it. Idempotent but for routes that are there. Throws when an address is not to be had, or a setting that
 * was asked for is refused.
 */
export function configureInterface(
  { namespacePath, socket }: Inside,
  endpoint: EndpointRecord,
  gateways: Gateways,
): void {
  const { interfaceName, ipv4, ipv6, linkLocalAddresses } = endpoint;
  const sysctls = interfaceSysctls(endpoint);
  if (ipv6 !== undefined || sysctls.length > 0) {
    withNetworkNamespace(namespacePath, () => {
      if (ipv6 !== undefined) allowIpv6(interfaceName);
      for (const { name, value } of sysctls) applySysctl(interfaceName, name, value);
    });
  }
  const linkIndex = findLink(socket, interfaceName)?.index ?? 0;
  const address = (text: string, prefixLength: number): NetlinkRequest =>
    addAddress({ linkIndex, address: text, prefixLength, known: true });
  socket.request(
    changeLink('lo', { up: true }),
    changeLink(linkIndex, { up: true }),
    ...[ipv4, ipv6].flatMap((own) => (own === undefined ? [] : [address(own.address, own.prefixLength)])),
    ...linkLocalAddresses.map((text) => address(text, text.includes(':') ? 64 : 16)),
    ...routesBy(endpoint, gateways, linkIndex).map(addRoute),
  );
}

/** The default routes by these gateways. A gateway whose interface is gone has none. */
export function defaultRoutes(socket: NetlinkSocket, gateways: Gateways): Route[] {
  const endpoints = new Set([gateways[4]?.endpoint, gateways[6]?.endpoint]);
  return [...endpoints].flatMap((endpoint) => {
    if (endpoint === undefined) return [];
    const link = findLink(socket, endpoint.interfaceName);
    return link === undefined ? [] : routesBy(endpoint, gateways, link.index);
  });
}

/** Replaces default routes of ours by others; what somebody changed inside meanwhile is no error. */
export function moveDefaultRoutes(
  socket: NetlinkSocket,
  before: readonly Route[],
  after: readonly Route[],
): void {
  const isIn = (routes: readonly Route[], route: Route): boolean =>
    routes.some((other) => JSON.stringify(other) === JSON.stringify(route));
  for (const route of before) {
    if (!isIn(after, route))
      tolerate(() => socket.request(removeRoute(route)), 'ESRCH', 'ENODEV', 'ENETUNREACH');
  }
  for (const route of after) tolerate(() => socket.request(addRoute(route)), 'EEXIST');
}

function routesBy(endpoint: EndpointRecord, gateways: Gateways, linkIndex: number): Route[] {
  return ([4, 6] as const).flatMap((family) => {
    const address = family === 4 ? endpoint.ipv4 : endpoint.ipv6;
    if (address === undefined || gateways[family]?.endpoint.endpointId !== endpoint.endpointId) return [];
    return [address.gateway === undefined ? { family, linkIndex } : { gateway: address.gateway, linkIndex }];
  });
}

/** Addresses are usable at once, and neighbours hear of one that somebody else had before. */
function allowIpv6(interfaceName: string): void {
  const of = (name: string): string[] => ['net', 'ipv6', 'conf', interfaceName, name];
  setting(of('disable_ipv6'), '0');
  setting(of('accept_dad'), '0');
  setting(of('ndisc_notify'), '1');
}

function applySysctl(interfaceName: string, name: readonly string[], value: string): void {
  const place = name.map((part) => (part === 'IFNAME' ? interfaceName : part));
  try {
    writeSysctl(place, value);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EINVAL', 'EACCES', 'EPERM')) throw error;
    throw new InvalidEndpointError(
      `unable to set network interface sysctl '${place.join('.')}=${value}': the kernel refuses it`,
    );
  }
}

function setting(name: readonly string[], value: string): void {
  tolerate(() => writeSysctl(name, value), 'ENOENT');
}

function tolerate(work: () => void, ...errnoNames: readonly string[]): void {
  try {
    work();
  } catch (error) {
    if (!isErrno(error, ...errnoNames)) throw error;
  }
}
