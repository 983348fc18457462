import { closeSync, openSync } from 'node:fs';
import {
  addAddress,
  addRoute,
  changeLink,
  createNetworkNamespace,
  createVethPair,
  findLink,
  isErrno,
  KernelError,
  NetlinkSocket,
  withNetworkNamespace,
  writeSysctl,
} from '@gantry/kernel';
import { BridgeFullError } from '../errors.ts';
import type { PublishedPort } from '../network-controller.ts';

/** What is written down about a container's place on the bridge: enough to make it anew and to clean it up. */
export interface EndpointRecord {
  containerId: string;
  endpointId: string;
  networkId: string;
  /** The host's end of the veth pair. */
  hostInterface: string;
  ipAddress: string;
  prefixLength: number;
  gateway: string;
  macAddress: string;
  ports: readonly PublishedPort[];
  dnsNames?: readonly string[];
}

/** The bridge that endpoints are connected to. */
export interface BridgeLink {
  socket: NetlinkSocket;
  name: string;
  index: number;
}

/** `linux/net/bridge/br_if.c`: no free port number. Node knows no name for it. */
const EXFULL = 54;

/** The container's end of the veth pair. */
export const containerInterface = 'eth0';

/**
 * Makes the namespace, pinned at `namespacePath`, and connects it: loopback and `eth0` up, addresses, default route.
 * Synchronous, under 1 ms, no process; `existing` is pinned in the place of a fresh namespace. Throws and leaves nothing but a
 * namespace that the caller releases.
 */
export function createEndpoint(
  bridge: BridgeLink,
  namespacePath: string,
  record: EndpointRecord,
  existing?: string,
): void {
  const inside = (): NetlinkSocket => {
    disableIpv6OnNewLinks();
    return NetlinkSocket.open();
  };
  using far = createNetworkNamespace(namespacePath, inside, existing);
  connect(bridge, { far, namespacePath }, record);
}

/** Connects a namespace that is there and has lost its veth pair. */
export function reconnectEndpoint(bridge: BridgeLink, namespacePath: string, record: EndpointRecord): void {
  using far = withNetworkNamespace(namespacePath, () => {
    disableIpv6OnNewLinks();
    return NetlinkSocket.open();
  });
  connect(bridge, { far, namespacePath }, record);
}

/** Makes the host's end a port of the bridge, as `createEndpoint` does. */
export function bridgePort(bridge: BridgeLink, hostInterface: string): void {
  bridge.socket.request(
    changeLink(hostInterface, { masterIndex: bridge.index }),
    changeLink(hostInterface, { linkLocal: false, hairpin: true }),
    changeLink(hostInterface, { up: true }),
  );
}

/** Text on the host's end that says whose it is: `gantry:<network>:<container>`. */
export function markOf({
  networkId,
  containerId,
}: Pick<EndpointRecord, 'networkId' | 'containerId'>): string {
  return `gantry:${networkId}:${containerId}`;
}

function connect(
  { socket, name, index }: BridgeLink,
  { far, namespacePath }: { far: NetlinkSocket; namespacePath: string },
  record: EndpointRecord,
): void {
  const { hostInterface, macAddress, ipAddress, prefixLength, gateway } = record;
  const namespaceFd = openSync(namespacePath, 'r');
  try {
    socket.request(
      createVethPair(
        { name: hostInterface, masterIndex: index },
        { name: containerInterface, macAddress, namespaceFd },
      ),
      changeLink(hostInterface, { linkLocal: false, hairpin: true, alias: markOf(record) }),
      changeLink(hostInterface, { up: true }),
    );
  } catch (error) {
    if (error instanceof KernelError && error.errno === EXFULL) throw new BridgeFullError(name, error);
    throw error;
  } finally {
    closeSync(namespaceFd);
  }
  const linkIndex = findLink(far, containerInterface)?.index ?? 0;
  far.request(
    changeLink('lo', { up: true }),
    changeLink(linkIndex, { up: true }),
    addAddress({ linkIndex, address: ipAddress, prefixLength }),
    addRoute({ gateway }),
  );
}

/** The network has no IPv6: its interfaces get no link-local address either. Loopback, which is there already, keeps ::1. */
function disableIpv6OnNewLinks(): void {
  try {
    writeSysctl(['net', 'ipv6', 'conf', 'default', 'disable_ipv6'], '1');
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
