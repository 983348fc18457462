import { isIP } from 'node:net';
import type { EngineNetworkOptions } from '@gantry/engine';
import { ConfigError } from './config-error.ts';
import type { OptionValues } from './options.ts';

/** dockerd's options of networks, checked; what was not given is missing. Throws `ConfigError` with Docker's words where it has them. */
export function networkOptionsOf(values: OptionValues): EngineNetworkOptions {
  const [servers, search, options] = ['dns', 'dns-search', 'dns-opts'].map((key) => list(values, key));
  const gateways = list(values, 'host-gateway-ips');
  return {
    dns: {
      ...(servers !== undefined && { servers: servers.map((server) => address(server, 'dns')) }),
      ...(search !== undefined && { search: search.map(domain) }),
      ...(options !== undefined && { options: options.map(resolverOption) }),
    },
    ...(gateways !== undefined && { hostGatewayAddresses: hostGateways(gateways) }),
    defaultNetworkOptions: networkOptions(list(values, 'default-network-opts') ?? []),
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
