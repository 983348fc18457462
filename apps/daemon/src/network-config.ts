import { isIP } from 'node:net';
import type { AddressPoolRange, DefaultBridgeSettings, EngineNetworkOptions } from '@gantry/engine';
import { ConfigError } from './config-error.ts';
import type { OptionValues } from './options.ts';

/** dockerd's options of networks, checked; what was not given is missing. Throws `ConfigError` with Docker's words where it has them. */
export function networkOptionsOf(values: OptionValues): EngineNetworkOptions {
  const [servers, search, options] = ['dns', 'dns-search', 'dns-opts'].map((key) => list(values, key));
  const binding = hostBinding(values);
  const pools = list(values, 'default-address-pools');
  const gateways = list(values, 'host-gateway-ips');
  return {
    dns: {
      ...(servers !== undefined && { servers: servers.map((server) => address(server, 'dns')) }),
      ...(search !== undefined && { search: search.map(domain) }),
      ...(options !== undefined && { options: options.map(resolverOption) }),
    },
    ...(gateways !== undefined && { hostGatewayAddresses: hostGateways(gateways) }),
    defaultNetworkOptions: networkOptions(list(values, 'default-network-opts') ?? []),
    ...(pools !== undefined && { addressPools: pools.map(addressPool) }),
    ...(binding !== undefined && { hostBindingAddress: binding }),
    ...publishPolicy(values),
    ...openness(values),
    ...packetFilter(values),
    defaultBridge: defaultBridge(values),
  };
}

function list(values: OptionValues, key: string): readonly string[] | undefined {
  const value = values[key];
  return Array.isArray(value) && value.length > 0 ? (value as readonly string[]) : undefined;
}

function address(text: string, key: string): string {
  if (isIP(text) === 0) throw new ConfigError(`${key}: invalid IP address: ${text}`);
  return text;
}

function domain(text: string): string {
  if (text === '.' || /^[\w-]{1,63}(?:\.[\w-]{1,63})*\.?$/.test(text)) return text;
  throw new ConfigError(`dns-search: ${text} is not a valid domain`);
}

function resolverOption(text: string): string {
  if (/^[\w:.-]{1,128}$/.test(text)) return text;
  throw new ConfigError(`dns-opts: invalid option: ${text}`);
}

/** Missing for all addresses. */
function hostBinding({ ip }: OptionValues): string | undefined {
  return typeof ip !== 'string' || ip === '0.0.0.0' ? undefined : address(ip, 'ip');
}

function publishPolicy({ 'publish-policy': policy }: OptionValues): EngineNetworkOptions {
  if (policy === undefined) return {};
  if (policy === 'open' || policy === 'host') return { publishPolicy: policy };
  throw new ConfigError(`publish-policy: '${String(policy)}' is none of open, host`);
}

function openness(values: OptionValues): EngineNetworkOptions {
  const { 'allow-direct-routing': direct, 'bridge-accept-fwmark': mark, 'ip-forward': forward } = values;
  if (direct === true && values['publish-policy'] === 'host') {
    throw new ConfigError(
      "allow-direct-routing: with the publish-policy 'host' the host's input rules decide, which such packets never pass",
    );
  }
  return {
    ...(direct === true && { allowDirectRouting: true }),
    ...(typeof mark === 'string' && mark !== '' && { acceptMark: packetMark(mark) }),
    ...(forward === false && { forwardPackets: false }),
  };
}

/** Docker's words for what has no meaning without rules. */
function packetFilter({ iptables, ip6tables, icc }: OptionValues): EngineNetworkOptions {
  if (iptables !== false) {
    if (ip6tables !== false) return {};
    throw new ConfigError('ip6tables: rules are of both families; false needs iptables to be false too');
  }
  if (icc === false) {
    throw new ConfigError(
      'You specified --iptables=false with --icc=false. ICC=false uses iptables to function. Please set --icc or --iptables to true',
    );
  }
  return { packetFilter: 'none' };
}

/** `0x1/0x3`: the mark and the bits that count, all of them when there is no mask. */
function packetMark(text: string): { mark: number; mask: number } {
  const [mark = Number.NaN, mask = 0xffff_ffff, ...more] = text
    .split('/')
    .map((part) => (/^(0x[\da-f]+|\d+)$/i.test(part) ? Number(part) : Number.NaN));
  if (![mark, mask].every((number) => number <= 0xffff_ffff) || more.length > 0) {
    throw new ConfigError(`bridge-accept-fwmark: '${text}' is not such as 0x1 or 0x1/0x3`);
  }
  return { mark, mask };
}

/** What is more than a shape is checked where the bridge is made. */
function defaultBridge(values: OptionValues): DefaultBridgeSettings {
  const names = [
    ['fixed-cidr', 'fixedCidr'],
    ['default-gateway', 'defaultGateway'],
    ['bip6', 'bip6'],
    ['fixed-cidr-v6', 'fixedCidrV6'],
    ['default-gateway-v6', 'defaultGatewayV6'],
  ] as const;
  const given = names.flatMap(([key, name]) =>
    typeof values[key] === 'string' ? [[name, values[key]]] : [],
  );
  return {
    ...(Object.fromEntries(given) as Record<string, string>),
    ...(values['ipv6'] === true && { ipv6: true }),
    options: {
      ...(values['icc'] === false && { 'com.docker.network.bridge.enable_icc': 'false' }),
      ...(values['ip-masq'] === false && { 'com.docker.network.bridge.enable_ip_masquerade': 'false' }),
      ...(typeof values['ip'] === 'string' && {
        'com.docker.network.bridge.host_binding_ipv4': values['ip'],
      }),
      ...(typeof values['mtu'] === 'number' && { 'com.docker.network.driver.mtu': mtu(values['mtu']) }),
    },
  };
}

/** The least that IPv4 takes (RFC 791), and the most that a packet can have. */
function mtu(value: number): string {
  if (value < 68 || value > 65_535) throw new ConfigError(`mtu: ${value} is not between 68 and 65535`);
  return String(value);
}

/** `base=10.10.0.0/16,size=24` */
function addressPool(text: string): AddressPoolRange {
  const fields = new Map(text.split(',').map((field) => field.split(/=(.*)/s) as [string, string]));
  const [base = '', size = ''] = [fields.get('base'), fields.get('size')];
  const [first = '', length = ''] = base.split('/');
  const isSound =
    isIP(first) !== 0 && /^\d{1,3}$/.test(length) && /^\d{1,3}$/.test(size) && fields.size === 2;
  if (!isSound || Number(size) < Number(length) || Number(size) > (isIP(first) === 6 ? 128 : 32)) {
    throw new ConfigError(`default-address-pools: '${text}' is not such as base=10.10.0.0/16,size=24`);
  }
  return { base, size: Number(size) };
}

/** One of each family at most, as in dockerd. */
function hostGateways(texts: readonly string[]): readonly string[] {
  const addresses = texts.map((text) => address(text, 'host-gateway-ips'));
  for (const family of [4, 6]) {
    if (addresses.filter((each) => isIP(each) === family).length > 1) {
      throw new ConfigError(
        `host-gateway-ips: only one IPv${family} host gateway IP address can be specified`,
      );
    }
  }
  return addresses.toSorted((left, right) => isIP(left) - isIP(right));
}

/** `bridge=com.docker.network.driver.mtu=1400`. */
function networkOptions(texts: readonly string[]): Record<string, Record<string, string>> {
  const byDriver: Record<string, Record<string, string>> = {};
  for (const text of texts) {
    const [, driver = '', option = '', value = ''] = /^([^=]+)=([^=]+)=(.*)$/s.exec(text) ?? [];
    if (driver === '') throw new ConfigError(`default-network-opts: '${text}' is not driver=option=value`);
    byDriver[driver] = { ...byDriver[driver], [option]: value };
  }
  return byDriver;
}
