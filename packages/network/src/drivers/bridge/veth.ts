import { closeSync, openSync } from 'node:fs';
import {
  changeLink,
  createVethPair,
  findLink,
  KernelError,
  type NetlinkSocket,
  removeLink,
} from '@gantry/kernel';
import { BridgeFullError } from '../../errors.ts';
import type { EndpointRecord } from '../../sandbox/sandbox-record.ts';
import { type DriverSandbox, markOf } from '../network-driver.ts';

/** The bridge that endpoints are connected to. */
export interface BridgeLink {
  socket: NetlinkSocket;
  name: string;
  index: number;
  mtu: number | undefined;
  /** See `bridgeGroups`; missing: as it is. */
  group?: number;
  /** Ports exchange frames with the bridge alone, not with each other. */
  isolated: boolean;
}

/** `linux/net/bridge/br_if.c`: no free port number. Node knows no name for it. */
const EXFULL = 54;

/** Makes the endpoint's veth pair: one end a port of the bridge, the other in the sandbox. 0.2 ms. Throws `BridgeFullError`. */
export function createPort(bridge: BridgeLink, endpoint: EndpointRecord, sandbox: DriverSandbox): void {
  const { hostInterface, interfaceName, macAddress, networkId } = endpoint;
  const mtu = bridge.mtu === undefined ? {} : { mtu: bridge.mtu };
  const namespaceFd = openSync(sandbox.namespacePath, 'r');
  try {
    bridge.socket.request(
      createVethPair(
        { name: hostInterface, masterIndex: bridge.index, ...mtu },
        { name: interfaceName, macAddress, namespaceFd, ...mtu },
      ),
      changeLink(hostInterface, { ...portSettings(bridge), alias: markOf(networkId, sandbox.containerId) }),
      changeLink(hostInterface, { up: true }),
    );
  } catch (error) {
    if (error instanceof KernelError && error.errno === EXFULL) {
      throw new BridgeFullError(bridge.name, error);
    }
    throw error;
  } finally {
    closeSync(namespaceFd);
  }
}

/** Makes the host's end a port of the bridge again, as `createPort` does. */
export function adoptPort(bridge: BridgeLink, hostInterface: string): void {
  bridge.socket.request(
    changeLink(hostInterface, { masterIndex: bridge.index }),
    changeLink(hostInterface, portSettings(bridge)),
    changeLink(hostInterface, { up: true }),
  );
}

/** Whether the port is there and as it should be, as far as the host sees. */
export function isPort(bridge: BridgeLink, hostInterface: string): boolean {
  const link = findLink(bridge.socket, hostInterface);
  return link !== undefined && link.masterIndex === bridge.index && link.up;
}

/** Deletes both ends. Idempotent. */
export function deletePort(bridge: Pick<BridgeLink, 'socket'>, hostInterface: string): void {
  removeLink(bridge.socket, hostInterface);
}

function portSettings({ isolated }: BridgeLink): Parameters<typeof changeLink>[1] {
  return { linkLocal: false, hairpin: true, ...(isolated ? { isolated } : {}) };
}
