import { isIP, isIPv6 } from 'node:net';
import { InvalidPortError } from '../errors.ts';
import type { PortRequest, PublishedPort } from '../network-controller.ts';

/** What host ports lead to. */
export interface PortPlace {
  /** Which addresses the container has. */
  ipv4: boolean;
  ipv6: boolean;
  /** Host address of requests that name none; empty: all, of IPv4 and of IPv6, with one port number. */
  defaultAddress: string;
  /** On a routed network the container's own port is opened, and none of the host is used. */
  routed4?: boolean;
  routed6?: boolean;
  /** Nothing is translated: a program of ours hands every byte on. */
  relaysAll?: boolean;
}

/** Every address of the host, of one family. */
export const everyIPv4 = '0.0.0.0';
export const everyIPv6 = '::';

/**
 * The host addresses of a request, IPv4 before IPv6; empty text for a port that is opened on a routed network.
 * `relays` says whether a port that the kernel cannot translate may come along with those that it can: on every IPv6
 * address for a container without one, as Docker's proxy does. Throws `InvalidPortError`.
 */
export function hostAddressesOf(request: PortRequest, place: PortPlace, relays: boolean): string[] {
  const { protocol } = request;
  const named = request.hostAddress || place.defaultAddress;
  if (protocol === 'sctp' && place.relaysAll === true) {
    throw new InvalidPortError(
      `port ${request.containerPort}/sctp: SCTP cannot be relayed, and there are no rules`,
    );
  }
  if (named !== '') {
    if (isRouted(named, place)) return [''];
    if (protocol === 'sctp' && isRelayed(named, place)) {
      throw new InvalidPortError(
        `port ${request.containerPort}/sctp: SCTP cannot be relayed from ${named} to an address of the other family, or from ::1`,
      );
    }
    return [named];
  }
  const addresses = place.ipv4 ? [isRouted(everyIPv4, place) ? '' : everyIPv4] : [];
  if (isRouted(everyIPv6, place)) return [...new Set([...addresses, ''])];
  const hasWay = place.ipv6 || (relays && protocol !== 'sctp' && addresses.includes(everyIPv4));
  return hasWay ? [...addresses, everyIPv6] : addresses;
}

/**
 * True where a program of ours must hand the bytes on: where nothing is translated, from one family to the other, and from ::1, whose packets the
 * kernel lets out of no other interface (there is no `route_localnet` of IPv6).
 */
export function isRelayed(
  hostAddress: string,
  { ipv4, ipv6, relaysAll = false }: Pick<PortPlace, 'ipv4' | 'ipv6' | 'relaysAll'>,
): boolean {
  if (hostAddress === '') return false;
  if (relaysAll) return true;
  return isIPv6(hostAddress) ? !ipv6 || /^[0:]+:0*1$/.test(hostAddress) : !ipv4;
}

/** `0.0.0.0:80`, `[::]:80`. */
export function formatPlace(hostAddress: string, port: number | string): string {
  return isIPv6(hostAddress) ? `[${hostAddress}]:${port}` : `${hostAddress}:${port}`;
}

export function publishedPort(request: PortRequest, hostAddress: string, hostPort: number): PublishedPort {
  const { protocol, containerPort } = request;
  return { protocol, containerPort, hostAddress, hostPort };
}

/** Throws `InvalidPortError` for what can be no port. */
export function assertValid({ containerPort, hostAddress, hostPortFirst, hostPortLast }: PortRequest): void {
  if (hostAddress !== '' && (isIP(hostAddress) === 0 || hostAddress.includes('%'))) {
    throw new InvalidPortError(`invalid host address to publish on: ${hostAddress}`);
  }
  if (!isPort(containerPort) || containerPort === 0) {
    throw new InvalidPortError(`invalid port: ${containerPort}`);
  }
  const isRange = isPort(hostPortFirst) && isPort(hostPortLast) && hostPortFirst <= hostPortLast;
  if (!isRange || (hostPortFirst === 0) !== (hostPortLast === 0)) {
    throw new InvalidPortError(`invalid range of host ports: ${hostPortFirst}-${hostPortLast}`);
  }
}

function isRouted(hostAddress: string, place: PortPlace): boolean {
  const { ipv4, ipv6, routed4 = false, routed6 = false } = place;
  return isIPv6(hostAddress) ? ipv6 && routed6 : ipv4 && routed4;
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65535;
}
