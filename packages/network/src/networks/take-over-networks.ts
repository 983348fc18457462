import type { NetlinkSocket } from '@gantry/kernel';
import type { Collection } from '@gantry/state';
import { assertNobodyLeftOut, assertNotShared } from '../drivers/bridge/assert-own-bridge.ts';
import { planDefaultBridge } from '../drivers/bridge/plan-default-bridge.ts';
import type { DefaultPools } from '../ipam/default-pools.ts';
import { hostSubnets } from '../ipam/host-subnets.ts';
import { subnetFrom } from '../ipam/subnet.ts';
import type { SandboxRecord } from '../sandbox/sandbox-record.ts';
import { type DefaultBridgeSettings, defaultBridgeSubnets } from './default-bridge.ts';
import type { NetworkRecord } from './network-record.ts';
import type { NetworkRegistry } from './network-registry.ts';
import type { PredefinedNetworks } from './predefined-networks.ts';
import { defaultBridgeRecord, plainRecord } from './predefined-records.ts';

export interface TakeOver {
  registry: NetworkRegistry;
  predefined: PredefinedNetworks;
  collection: Collection<NetworkRecord>;
  /** Interface of the default bridge; undefined where there is to be none. */
  bridge: string | undefined;
  bip: string | undefined;
  defaultBridge: DefaultBridgeSettings;
  pools: DefaultPools;
  socket: NetlinkSocket;
  namespaces: string;
  sandboxes: readonly SandboxRecord[];
}

/**
 * Puts the networks that there are into the registry: the predefined ones, then those that were made, in order. Removals
 * that had begun are ended. Throws `BridgeConfigurationError`, `NoSubnetLeftError` of the default bridge.
 */
export async function takeOverNetworks(parts: TakeOver): Promise<void> {
  const { registry, predefined, collection, bridge } = parts;
  const stored = collection
    .entries()
    .map(({ document }) => document)
    .sort((one, other) => one.order - other.order);
  if (bridge !== undefined) registry.add(defaultNetwork(parts, bridge, stored));
  for (const name of ['host', 'none'] as const) registry.add(plainRecord(predefined, name));
  for (const record of stored) {
    if (record.removing === true) await registry.removeRest(record);
    else registry.add(record);
  }
}

function defaultNetwork(
  { predefined, socket, pools, namespaces, sandboxes, bip, defaultBridge }: TakeOver,
  name: string,
  stored: readonly NetworkRecord[],
): NetworkRecord {
  const { id: networkId, bridgeAddress, bridgeSubnet6 } = predefined.get('bridge');
  const taken = stored.flatMap(({ configOnly, ipam }) =>
    configOnly ? [] : ipam.config.map(({ subnet }) => subnetFrom(subnet)),
  );
  const plan = planDefaultBridge(socket, {
    name,
    pools,
    taken,
    ...(bip !== undefined && { bip }),
    ...(bridgeAddress !== undefined && { earlier: bridgeAddress }),
  });
  assertNotShared(socket, name, { networkId, namespaces });
  assertNobodyLeftOut(name, plan, { networkId, namespaces, records: sandboxes });
  const config = defaultBridgeSubnets(plan, defaultBridge, {
    bridge: name,
    pools,
    taken,
    hostSubnets: () => hostSubnets(socket),
    earlier6: bridgeSubnet6,
  });
  const [, second] = config;
  predefined.rememberBridge({
    bridgeAddress: `${plan.gateway}/${subnetFrom(plan.subnet).prefixLength}`,
    ...(second !== undefined && { bridgeSubnet6: second.subnet }),
  });
  return defaultBridgeRecord(predefined, { bridge: name, config, options: defaultBridge.options ?? {} });
}
