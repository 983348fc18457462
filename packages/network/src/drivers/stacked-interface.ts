import { closeSync, openSync } from 'node:fs';
import {
  changeLink,
  findLink,
  type NetlinkRequest,
  type NetlinkSocket,
  removeLink,
  type StackedKind,
} from '@gantry/kernel';
import type { NetworkRecord } from '../networks/network-record.ts';
import type { EndpointRecord } from '../sandbox/sandbox-record.ts';
import { mtuOf } from './bridge/bridge-options.ts';
import { type DriverSandbox, markOf } from './network-driver.ts';

/** Makes an interface of a sandbox on top of a link of the host; `create` gives the request. One that is there is replaced. */
export function joinStacked(
  {
    socket,
    network,
    endpoint,
    sandbox,
  }: { socket: NetlinkSocket; network: NetworkRecord; endpoint: EndpointRecord; sandbox: DriverSandbox },
  create: (link: { name: string; mtu?: number; namespaceFd: number }) => NetlinkRequest,
): void {
  const { interfaceName } = endpoint;
  removeLink(sandbox.inside, interfaceName);
  const mtu = mtuOf(network.options);
  const namespaceFd = openSync(sandbox.namespacePath, 'r');
  try {
    socket.request(create({ name: interfaceName, namespaceFd, ...(mtu === undefined ? {} : { mtu }) }));
  } finally {
    closeSync(namespaceFd);
  }
  sandbox.inside.request(changeLink(interfaceName, { alias: markOf(network.id, sandbox.containerId) }));
}

/** Idempotent. */
export function leaveStacked({ interfaceName, networkId }: EndpointRecord, sandbox: DriverSandbox): void {
  const link = findLink(sandbox.inside, interfaceName);
  if (link?.alias === markOf(networkId, sandbox.containerId)) removeLink(sandbox.inside, link.index);
}

export function hasStacked(
  { interfaceName, networkId }: EndpointRecord,
  sandbox: DriverSandbox,
  kind: StackedKind,
): boolean {
  const link = findLink(sandbox.inside, interfaceName);
  return link?.kind === kind && link.up && link.alias === markOf(networkId, sandbox.containerId);
}
