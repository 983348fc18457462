import type { IPAMConfig, Network, NetworkContainer } from '@gantry/api-types';
import type { EndpointAddress, EndpointInfo, IpamConfig, NetworkInfo } from '@gantry/network';

/** A network in the API's words; `nameOf` knows the names of containers. */
export function wireNetwork(network: NetworkInfo, nameOf: (containerId: string) => string): Network {
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt,
    Scope: network.scope,
    Driver: network.driver,
    EnableIPv4: network.ipv4,
    EnableIPv6: network.ipv6,
    IPAM: {
      Driver: network.ipam.driver,
      Options: { ...network.ipam.options },
      Config: network.ipam.config.map(wireConfig),
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: network.ingress,
    ConfigFrom: { Network: network.configFrom ?? '' },
    ConfigOnly: network.configOnly,
    Containers: Object.fromEntries(
      network.endpoints.map((endpoint) => [endpoint.containerId, wireEndpoint(endpoint, nameOf)]),
    ),
    Options: { ...network.options },
    Labels: { ...network.labels },
  };
}

function wireEndpoint(endpoint: EndpointInfo, nameOf: (containerId: string) => string): NetworkContainer {
  return {
    Name: nameOf(endpoint.containerId),
    EndpointID: endpoint.endpointId,
    MacAddress: endpoint.macAddress,
    IPv4Address: cidr(endpoint.ipv4),
    IPv6Address: cidr(endpoint.ipv6),
  };
}

function wireConfig({ subnet, ipRange, gateway, auxAddresses }: IpamConfig): IPAMConfig {
  return {
    ...(subnet !== undefined && { Subnet: subnet }),
    ...(ipRange !== undefined && { IPRange: ipRange }),
    ...(gateway !== undefined && { Gateway: gateway }),
    ...(auxAddresses !== undefined && { AuxiliaryAddresses: { ...auxAddresses } }),
  };
}

function cidr(address: EndpointAddress | undefined): string {
  return address === undefined ? '' : `${address.address}/${address.prefixLength}`;
}
