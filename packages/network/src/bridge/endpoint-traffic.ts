import { listLinkTraffic, type NetlinkSocket } from '@gantry/kernel';
import type { InterfaceTraffic } from '../network-controller.ts';
import { containerInterface, markOf } from './endpoint.ts';

/**
 * The traffic of a network's endpoints, read at the host's ends of their veth pairs, where what the container received was
 * sent: no namespace is entered.
 */
export function endpointTraffic(
  socket: NetlinkSocket,
  networkId: string,
): Map<string, Record<string, InterfaceTraffic>> {
  const mark = markOf({ networkId, containerId: '' });
  const found = new Map<string, Record<string, InterfaceTraffic>>();
  for (const { alias, received, sent } of listLinkTraffic(socket)) {
    if (!alias.startsWith(mark)) continue;
    found.set(alias.slice(mark.length), { [containerInterface]: { received: sent, sent: received } });
  }
  return found;
}
