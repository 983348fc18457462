import type { NetlinkSocket } from '@gantry/kernel';
import type { FirewallNetwork } from '../firewall/firewall-network.ts';
import type { Family } from '../ipam/subnet.ts';
import type { NetworkCreateRequest } from '../network-controller.ts';
import type { NetworkRecord } from '../networks/network-record.ts';
import type { EndpointRecord } from '../sandbox/sandbox-record.ts';

/**
 * What makes networks of one kind. Names, records, addresses, namespaces, routes, DNS and published ports are not its
 * business: it makes what a network needs on the host, and an interface inside a namespace for each endpoint. `bridge`,
 * `macvlan` and `ipvlan` are built in; `NetworkControllerOptions.drivers` takes others.
 *
 * A driver keeps nothing durable of its own: `driverState` is stored with the network, and after a restart or a reboot
 * `establish` is called for every network before anything else. What it makes on the host carries `markOf` as its alias,
 * so that what an engine left in the middle of something is found and removed.
 */
export interface NetworkDriver {
  /** `bridge`: what `docker network create --driver` names. */
  readonly name: string;

  /** Endpoints have the MAC address of another interface, and none can be asked for. */
  readonly sharesMacAddress?: boolean;

  /**
   * Looks at a network to be made. What is invalid throws `InvalidNetworkError`, what this kernel cannot
   * `LinkKindMissingError`. Synchronous, and makes nothing.
   */
  plan(request: NetworkCreateRequest, context: PlanContext): DriverPlan;

  /** Makes what the network needs on the host, or puts it back. Idempotent. */
  establish(network: NetworkRecord): void | Promise<void>;

  /** Takes away what `establish` made. Idempotent. No endpoint is left when it is called. */
  remove(network: NetworkRecord): void | Promise<void>;

  /**
   * Makes the endpoint's interface in the sandbox, named `endpoint.interfaceName`, with `endpoint.macAddress` unless that
   * is empty; down and without addresses. Synchronous, with other endpoints waiting for it. An interface that is there
   * already, whole or in part, is brought in line.
   */
  join(network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): void;

  /** Makes the endpoint's interface go. Idempotent. Not called for a sandbox that goes as a whole. */
  leave(network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): void | Promise<void>;

  /** Whether the interface is as `join` leaves it. */
  isJoined(network: NetworkRecord, endpoint: EndpointRecord, sandbox: DriverSandbox): boolean;

  /** How packets leave a sandbox by an endpoint of this network, when it is the gateway. */
  defaultRoute(network: NetworkRecord): DefaultRoute;

  /** What the firewall must let through and keep apart; undefined when packets do not pass the host's rules. */
  filter(network: NetworkRecord): FirewallNetwork | undefined;
}

export interface PlanContext {
  id: string;
  /** All networks there are. */
  networks: readonly NetworkRecord[];
}

/** What a driver decides about a network to be made. */
export interface DriverPlan {
  /** Stored and handed back at each call. */
  driverState: Readonly<Record<string, string>>;
  /** The families that get a gateway address of the network's own. */
  gateways: readonly Family[];
  /** Whether more than one subnet a family is possible. */
  severalSubnets: boolean;
}

/** The namespace that an interface is to be in. */
export interface DriverSandbox {
  containerId: string;
  /** Where the namespace is pinned. */
  namespacePath: string;
  /** A route socket inside it. */
  inside: NetlinkSocket;
}

/** How an endpoint's default route goes. */
export type DefaultRoute = 'gateway' | 'device' | 'none';

/** Text on an interface of the host that says whose it is: `gantry:<network>:<container>`. */
export function markOf(networkId: string, containerId: string): string {
  return `gantry:${networkId}:${containerId}`;
}
