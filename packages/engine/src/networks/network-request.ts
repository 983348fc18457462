import type { IPAM, IPAMConfig, NetworkCreateRequest as WireRequest } from '@gantry/api-types';
import { NotBuiltError, NotInSwarmError } from '@gantry/http-api';
import type { IpamConfig, IpamRequest, NetworkCreateRequest } from '@gantry/network';
import { ForbiddenNetworkError, InvalidNetworkOptionError } from '../errors.ts';
import { predefinedNetworks } from './network-filters.ts';

/** Options by driver that networks have unless they say otherwise: `default-network-opts`. */
export type DefaultNetworkOptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const enableIPv4 = 'com.docker.network.enable_ipv4';
const enableIPv6 = 'com.docker.network.enable_ipv6';

/**
 * A create request in the controller's words, with the daemon's defaults. Throws `ForbiddenNetworkError` for what only a swarm
 * has and for the names of predefined networks, `InvalidNetworkOptionError`.
 */
export function networkRequestOf(wire: WireRequest, defaults: DefaultNetworkOptions): NetworkCreateRequest {
  refuse(wire);
  const driver = wire.Driver === undefined || wire.Driver === '' ? 'bridge' : wire.Driver;
  const configFrom = wire.ConfigFrom?.Network ?? '';
  const options = { ...(configFrom === '' && defaults[driver]), ...wire.Options };
  const ipv4 = wire.EnableIPv4 ?? flagOf(options, enableIPv4);
  const ipv6 = wire.EnableIPv6 ?? flagOf(options, enableIPv6);
  if (wire.EnableIPv4 !== undefined) delete options[enableIPv4];
  if (wire.EnableIPv6 !== undefined) delete options[enableIPv6];
  return {
    name: wire.Name,
    driver,
    internal: wire.Internal === true,
    attachable: wire.Attachable === true,
    ingress: false,
    configOnly: wire.ConfigOnly === true,
    ...(configFrom !== '' && { configFrom }),
    ipv4: ipv4 ?? true,
    ...(ipv6 !== undefined && { ipv6 }),
    ipam: ipamOf(wire.IPAM),
    options,
    labels: { ...wire.Labels },
  };
}

function refuse({ Name: name, Driver: driver, Scope: scope = '', Ingress: ingress }: WireRequest): void {
  if (predefinedNetworks.has(name)) {
    throw new ForbiddenNetworkError(`operation is not permitted on predefined ${name} network `);
  }
  if (driver === 'overlay') throw new ForbiddenNetworkError(new NotInSwarmError().message);
  if (scope === 'swarm') {
    throw new ForbiddenNetworkError('cannot create a swarm scoped network when swarm is not active');
  }
  if (scope !== '' && scope !== 'local')
    throw new NotBuiltError(`a network of scope '${scope.slice(0, 128)}'`);
  if (ingress === true) throw new ForbiddenNetworkError('Ingress network can only be global scope network');
}

function ipamOf({ Driver = '', Options = {}, Config = [] }: IPAM = {}): IpamRequest {
  return { driver: Driver === '' ? 'default' : Driver, options: Options, config: Config.map(configOf) };
}

/** An empty text is Go's "not given". */
function configOf({ Subnet = '', IPRange = '', Gateway = '', AuxiliaryAddresses }: IPAMConfig): IpamConfig {
  return {
    ...(Subnet !== '' && { subnet: Subnet }),
    ...(IPRange !== '' && { ipRange: IPRange }),
    ...(Gateway !== '' && { gateway: Gateway }),
    ...(AuxiliaryAddresses !== undefined && { auxAddresses: AuxiliaryAddresses }),
  };
}

function flagOf(options: Readonly<Record<string, string>>, name: string): boolean | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw new InvalidNetworkOptionError(`driver-opt ${JSON.stringify(name)} is not a valid bool`);
}
