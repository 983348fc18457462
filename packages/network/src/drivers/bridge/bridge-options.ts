import { InvalidNetworkError } from '../../errors.ts';
import type { FirewallNetwork, GatewayMode } from '../../firewall/firewall-network.ts';
import { type Family, parseAddress } from '../../ipam/subnet.ts';

/** What a bridge network is made by; the options' names are Docker's. */
export interface BridgeOptions {
  /** `com.docker.network.bridge.name`; empty for one made of the network's id. */
  name: string;
  mtu: number | undefined;
  icc: boolean;
  masquerade: boolean;
  /** The bridge gets no IPv4 address: somebody else on it is the gateway. */
  inhibitIpv4: boolean;
  /** Address that ports are published on when none is named; empty for all. */
  hostBinding: string;
  /** Address of the host that packets leave with, by family. */
  hostAddresses: Readonly<Record<Family, string | undefined>>;
  gatewayModes: Readonly<Record<Family, GatewayMode>>;
  trustedHostInterfaces: readonly string[];
}

const bridgePrefix = 'com.docker.network.bridge.';
const mtuOption = 'com.docker.network.driver.mtu';
const interfacePrefixOption = 'com.docker.network.container_iface_prefix';
const modes: readonly GatewayMode[] = ['nat', 'nat-unprotected', 'routed', 'isolated'];

/** Reads a bridge network's options; those of other names are kept and mean nothing, as with Docker. Throws `InvalidNetworkError`. */
export function bridgeOptions(options: Readonly<Record<string, string>>): BridgeOptions {
  return {
    name: options[`${bridgePrefix}name`] ?? '',
    mtu: mtuOf(options),
    icc: booleanOf(options, `${bridgePrefix}enable_icc`, true),
    masquerade: booleanOf(options, `${bridgePrefix}enable_ip_masquerade`, true),
    inhibitIpv4: booleanOf(options, `${bridgePrefix}inhibit_ipv4`, false),
    hostBinding: addressOf(options, `${bridgePrefix}host_binding_ipv4`) ?? '',
    hostAddresses: {
      4: addressOf(options, 'com.docker.network.host_ipv4', 4),
      6: addressOf(options, 'com.docker.network.host_ipv6', 6),
    },
    gatewayModes: {
      4: modeOf(options, `${bridgePrefix}gateway_mode_ipv4`),
      6: modeOf(options, `${bridgePrefix}gateway_mode_ipv6`),
    },
    trustedHostInterfaces: (options[`${bridgePrefix}trusted_host_interfaces`] ?? '')
      .split(':')
      .filter((name) => name !== ''),
  };
}

/** `com.docker.network.driver.mtu`. Throws `InvalidNetworkError`. */
export function mtuOf(options: Readonly<Record<string, string>>): number | undefined {
  const text = options[mtuOption];
  if (text === undefined || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text))
    throw unreadable(mtuOption, text, `strconv.Atoi: parsing ${quoted(text)}: invalid syntax`);
  const mtu = Number(text);
  if (mtu < 0 || mtu > 65535) throw new InvalidNetworkError(`invalid MTU number: ${mtu}`);
  return mtu === 0 ? undefined : mtu;
}

/** The beginning of the names of a network's interfaces inside containers. */
export function interfacePrefix(options: Readonly<Record<string, string>>): string {
  const prefix = options[interfacePrefixOption] ?? '';
  return prefix === '' ? 'eth' : prefix;
}

/** What the firewall is told of the options. */
export function filterOptions({
  icc,
  masquerade,
  gatewayModes,
  hostAddresses,
  trustedHostInterfaces,
}: BridgeOptions): Omit<FirewallNetwork, 'id' | 'bridge' | 'subnets' | 'internal'> {
  return {
    icc,
    masquerade4: masquerade,
    masquerade6: masquerade,
    gatewayMode4: gatewayModes[4],
    gatewayMode6: gatewayModes[6],
    ...(hostAddresses[4] !== undefined && { hostAddress4: hostAddresses[4] }),
    ...(hostAddresses[6] !== undefined && { hostAddress6: hostAddresses[6] }),
    trustedHostInterfaces,
  };
}

/** As Go's strconv.ParseBool. */
function booleanOf(options: Readonly<Record<string, string>>, name: string, missing: boolean): boolean {
  const text = options[name];
  if (text === undefined || text === '') return missing;
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  throw unreadable(name, text, `strconv.ParseBool: parsing ${quoted(text)}: invalid syntax`);
}

function addressOf(
  options: Readonly<Record<string, string>>,
  name: string,
  family?: Family,
): string | undefined {
  const text = options[name];
  if (text === undefined || text === '') return undefined;
  const address = parseAddress(text);
  if (address === undefined || (family ?? address.family) !== address.family) {
    throw unreadable(name, text, 'nil ip');
  }
  return text;
}

function modeOf(options: Readonly<Record<string, string>>, name: string): GatewayMode {
  const text = options[name];
  if (text === undefined || text === '') return 'nat';
  const mode = modes.find((known) => known === text);
  if (mode === undefined) throw unreadable(name, text, `unknown gateway mode ${text}`);
  return mode;
}

function unreadable(name: string, value: string, reason: string): InvalidNetworkError {
  return new InvalidNetworkError(`failed to parse ${name} value: ${value} (${reason})`);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
