import type { NetworkRecord, NetworkSubnet, PredefinedName } from './network-record.ts';
import type { PredefinedNetworks } from './predefined-networks.ts';

const drivers: Readonly<Record<PredefinedName, string>> = { bridge: 'bridge', host: 'host', none: 'null' };

/** `host` or `none` as a network. */
export function plainRecord(networks: PredefinedNetworks, name: 'host' | 'none'): NetworkRecord {
  return recordOf(networks, name, {});
}

export interface DefaultBridge {
  /** Its interface. */
  bridge: string;
  config: readonly NetworkSubnet[];
  /** In the place of Docker's defaults. */
  options: Readonly<Record<string, string>>;
}

/** The default bridge as a network, with the options that Docker shows. */
export function defaultBridgeRecord(
  networks: PredefinedNetworks,
  { bridge, config, options }: DefaultBridge,
): NetworkRecord {
  return recordOf(networks, 'bridge', {
    config,
    ipv6: config.length > 1,
    driverState: { bridge, found: 'true' },
    options: {
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': 'true',
      'com.docker.network.bridge.enable_ip_masquerade': 'true',
      'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
      'com.docker.network.bridge.name': bridge,
      'com.docker.network.driver.mtu': '1500',
      ...options,
    },
  });
}

function recordOf(
  networks: PredefinedNetworks,
  name: PredefinedName,
  {
    config = [],
    ipv6 = false,
    driverState = {},
    options = {},
  }: {
    config?: readonly NetworkSubnet[];
    ipv6?: boolean;
    driverState?: Readonly<Record<string, string>>;
    options?: Readonly<Record<string, string>>;
  },
): NetworkRecord {
  const { id, createdAt } = networks.get(name);
  return {
    id,
    createdAt,
    name,
    order: 0,
    driver: drivers[name],
    internal: false,
    attachable: false,
    ingress: false,
    configOnly: false,
    ipv4: true,
    ipv6,
    ipam: { driver: 'default', options: {}, config },
    options,
    labels: {},
    driverState,
  };
}
