import type { LiveNetwork } from '../networks/network-registry.ts';
import type { AddressRecord, EndpointRecord } from './sandbox-record.ts';

/** An endpoint with the network that it is on. */
export interface JoinedEndpoint {
  endpoint: EndpointRecord;
  network: LiveNetwork;
}

/** The endpoints that a container's default routes go by, and that its ports are published for. */
export interface Gateways {
  4: JoinedEndpoint | undefined;
  6: JoinedEndpoint | undefined;
}

/**
 * Docker's order: the highest priority first; then those with a way out, of both families before one; then by the name
 * of the network.
 */
export function inGatewayOrder(endpoints: readonly JoinedEndpoint[]): JoinedEndpoint[] {
  return endpoints.toSorted(
    (one, other) =>
      other.endpoint.gatewayPriority - one.endpoint.gatewayPriority ||
      waysOut(other.endpoint) - waysOut(one.endpoint) ||
      (one.network.record.name < other.network.record.name ? -1 : 1),
  );
}

/** Of endpoints in gateway order, the first with a way out for each family. */
export function gatewaysOf(ordered: readonly JoinedEndpoint[]): Gateways {
  return {
    4: ordered.find(({ endpoint }) => hasWayOut(endpoint.ipv4)),
    6: ordered.find(({ endpoint }) => hasWayOut(endpoint.ipv6)),
  };
}

function waysOut({ ipv4, ipv6 }: EndpointRecord): number {
  return Number(hasWayOut(ipv4)) + Number(hasWayOut(ipv6));
}

function hasWayOut(address: AddressRecord | undefined): boolean {
  return address !== undefined && (address.gateway !== undefined || address.byDevice === true);
}
