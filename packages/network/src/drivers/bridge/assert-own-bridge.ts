import path from 'node:path';
import { deleteLink, findLink, isNamespacePinned, listLinks, type NetlinkSocket } from '@gantry/kernel';
import { BridgeConfigurationError } from '../../errors.ts';
import { subnetFrom } from '../../ipam/subnet.ts';
import type { SandboxRecord } from '../../sandbox/sandbox-record.ts';
import type { DefaultBridgePlan } from './plan-default-bridge.ts';

/**
 * Two engines on one bridge would give out the same addresses. An interface whose container has its namespace pinned in
 * our folder is no other engine's: the store that knew it was lost, and it goes. Throws `BridgeConfigurationError`.
 */
export function assertNotShared(
  socket: NetlinkSocket,
  name: string,
  { networkId, namespaces }: { networkId: string; namespaces: string },
): void {
  const bridge = findLink(socket, name);
  if (bridge === undefined) return;
  for (const link of listLinks(socket)) {
    const [mark, network, containerId = ''] = link.alias.split(':');
    if (link.masterIndex !== bridge.index || mark !== 'gantry' || network === networkId) continue;
    if (!isNamespacePinned(path.join(namespaces, path.basename(containerId)))) {
      throw new BridgeConfigurationError(
        name,
        `containers of another engine are on it (${link.name}): choose another bridge with --bridge, or remove it with 'ip link delete ${name}' if that engine is gone`,
      );
    }
    socket.request(deleteLink(link.name));
  }
}

/** Containers outlive the engine, and with them their addresses. Throws `BridgeConfigurationError`. */
export function assertNobodyLeftOut(
  name: string,
  { subnet, gateway }: DefaultBridgePlan,
  {
    networkId,
    namespaces,
    records,
  }: { networkId: string; namespaces: string; records: readonly SandboxRecord[] },
): void {
  const { prefixLength } = subnetFrom(subnet);
  const stranded = records.flatMap(({ containerId, endpoints }) => {
    const ipv4 = endpoints.find((endpoint) => endpoint.networkId === networkId)?.ipv4;
    const fits = ipv4 === undefined || (ipv4.gateway === gateway && ipv4.prefixLength === prefixLength);
    return fits || !isNamespacePinned(path.join(namespaces, containerId)) ? [] : [ipv4];
  });
  const [first] = stranded;
  if (first === undefined) return;
  throw new BridgeConfigurationError(
    name,
    `its address cannot become ${gateway}/${prefixLength} while ${stranded.length} running containers use ${first.gateway}/${first.prefixLength}`,
  );
}
