import { type LinkTraffic, listLinkTraffic, NetlinkSocket, withNetworkNamespace } from '@gantry/kernel';
import type { InterfaceTraffic } from '../network-controller.ts';
import type { SandboxRecord } from './sandbox-record.ts';

/**
 * The traffic of endpoints on bridges, read at the host's ends of their veth pairs, where what the container received was
 * sent: no namespace is entered.
 */
export function bridgeTraffic(
  socket: NetlinkSocket,
  sandboxes: ReadonlyMap<string, SandboxRecord>,
): Map<string, Record<string, InterfaceTraffic>> {
  const found = new Map<string, Record<string, InterfaceTraffic>>();
  for (const { alias, name, received, sent } of listLinkTraffic(socket)) {
    const [mark, , containerId = ''] = alias.split(':');
    const endpoint =
      mark === 'gantry'
        ? sandboxes.get(containerId)?.endpoints.find(({ hostInterface }) => hostInterface === name)
        : undefined;
    if (endpoint === undefined) continue;
    const traffic = found.get(containerId) ?? {};
    found.set(containerId, { ...traffic, [endpoint.interfaceName]: { received: sent, sent: received } });
  }
  return found;
}

/** The traffic of interfaces that no host's end has, read inside. */
export function insideTraffic(
  namespacePath: string,
  { endpoints }: SandboxRecord,
): Record<string, InterfaceTraffic> {
  using socket = withNetworkNamespace(namespacePath, () => NetlinkSocket.open());
  const own = new Set(endpoints.map(({ interfaceName }) => interfaceName));
  const entry = ({ name, received, sent }: LinkTraffic): [string, InterfaceTraffic] => [
    name,
    { received, sent },
  ];
  return Object.fromEntries(
    listLinkTraffic(socket)
      .filter(({ name }) => own.has(name))
      .map(entry),
  );
}
