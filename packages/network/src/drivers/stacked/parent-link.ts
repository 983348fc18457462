import {
  changeLink,
  createBridge,
  createVlan,
  findLink,
  isErrno,
  type Link,
  type NetlinkSocket,
  removeLink,
} from '@gantry/kernel';
import { InvalidNetworkError, LinkKindMissingError } from '../../errors.ts';
import type { NetworkRecord } from '../../networks/network-record.ts';
import { segmentMark } from '../bridge/bridge-segments.ts';

/** The link below the interfaces of a macvlan or ipvlan network. */
export interface Parent {
  name: string;
  /** We made it: a VLAN of another link, or, without `parent`, a link of nobody. It goes with the network. */
  ours: boolean;
}

/** Decides the parent of a network to be made. Throws `InvalidNetworkError` for a name that there is no link of. */
export function planParent(socket: NetlinkSocket, wish: string | undefined, id: string): Parent {
  const name = wish ?? '';
  if (name === '') return { name: `dm-${id.slice(0, 12)}`, ours: true };
  if (name === 'lo') throw new InvalidNetworkError('loopback interface is not a valid parent link');
  if (findLink(socket, name) !== undefined) return { name, ours: false };
  const { base } = vlanOf(name);
  if (findLink(socket, base) === undefined) {
    throw new InvalidNetworkError(`failed to find master interface ${base} on the Docker host`);
  }
  return { name, ours: true };
}

/** Makes the parent when it is ours and not there. Returns its index. Throws `LinkKindMissingError`. */
export function ensureParent(socket: NetlinkSocket, { name, ours }: Parent, network: NetworkRecord): number {
  const present = findLink(socket, name);
  if (present !== undefined) return upAgain(socket, present);
  if (!ours) throw new InvalidNetworkError(`the parent interface ${name} was not found on the host`);
  // A bridge without ports is a wire of its own, on every kernel.
  if (name.startsWith('dm-')) socket.request(createBridge({ name }));
  else makeVlan(socket, name, network);
  socket.request(
    changeLink(name, { linkLocal: false, alias: segmentMark(network.id) }),
    changeLink(name, { up: true }),
  );
  return findLink(socket, name)?.index ?? 0;
}

/** Idempotent. */
export function removeParent(socket: NetlinkSocket, { name, ours }: Parent): void {
  if (ours) removeLink(socket, name);
}

/** As it is stored. */
export function parentState({ name, ours }: Parent): Record<string, string> {
  return { parent: name, ...(ours && { ours: 'true' }) };
}

export function parentOf({ driverState }: Pick<NetworkRecord, 'driverState'>): Parent {
  return { name: driverState['parent'] ?? '', ours: driverState['ours'] === 'true' };
}

function upAgain(socket: NetlinkSocket, { index, up }: Link): number {
  if (!up) socket.request(changeLink(index, { up: true }));
  return index;
}

function makeVlan(socket: NetlinkSocket, name: string, network: NetworkRecord): void {
  const { base, id } = vlanOf(name);
  const parentIndex = findLink(socket, base)?.index ?? 0;
  try {
    socket.request(createVlan({ name, parentIndex }, id));
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP', 'ENOTSUP')) throw new LinkKindMissingError('VLAN', network.name);
    throw error;
  }
}

/** `eth0.10`: VLAN 10 of eth0. */
function vlanOf(name: string): { base: string; id: number } {
  const [, base = '', text = ''] = /^([^.]+)\.(\d+)$/.exec(name) ?? [];
  if (base === '') {
    throw new InvalidNetworkError(`invalid subinterface vlan name ${name}, example formatting is eth0.10`);
  }
  const id = Number(text);
  if (id < 1 || id > 4094) throw new InvalidNetworkError(`vlan id must be between 1-4094, received: ${id}`);
  return { base, id };
}
