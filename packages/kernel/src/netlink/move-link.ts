import { closeSync, openSync } from 'node:fs';
import { withNetworkNamespace } from '../namespaces/network-namespace.ts';
import { addAddress, listAddresses } from './addresses.ts';
import { changeLink, findLink, type Link, listLinks } from './links.ts';
import { NetlinkSocket } from './netlink-socket.ts';

export interface LinkMove {
  /** Here. */
  name: string;
  /** There; of at most 15 bytes. */
  newName: string;
  /** A pinned network namespace, or any `/proc/<pid>/ns/net`. */
  namespacePath: string;
}

/**
 * Moves an interface of this network namespace into another, up and with its addresses but the link-local ones. A device of
 * hardware comes back by itself when that namespace goes, under `newName`: the next call finds it by its first name all the same.
 * The kernel removes what is made by software (network_namespaces(7)). False when there is no such interface. Throws a
 * `KernelError`: `EEXIST` when the name is taken there, `EINVAL` when the interface may not move.
 */
export function moveLink({ name, newName, namespacePath }: LinkMove): boolean {
  using here = NetlinkSocket.open();
  const link = findLink(here, name) ?? returned(here, name);
  if (link === undefined) return false;
  const addresses = listAddresses(here).filter(
    ({ linkIndex, address }) => linkIndex === link.index && !address.startsWith('fe80:'),
  );
  if (newName !== name) here.request(changeLink(link.index, { alias: markOf(name) }));
  const namespaceFd = openSync(namespacePath, 'r');
  try {
    here.request(changeLink(link.index, { name: newName, namespaceFd }));
  } finally {
    closeSync(namespaceFd);
  }
  using there = withNetworkNamespace(namespacePath, () => NetlinkSocket.open());
  const linkIndex = findLink(there, newName)?.index ?? 0;
  there.request(
    ...addresses.map((address) => addAddress({ ...address, linkIndex, known: true })),
    changeLink(linkIndex, { up: true }),
  );
  return true;
}

/** One that came back from a namespace with the name that it had there. */
function returned(socket: NetlinkSocket, name: string): Link | undefined {
  return listLinks(socket).find(({ alias }) => alias === markOf(name));
}

function markOf(name: string): string {
  return `gantry: ${name} of the host`;
}
