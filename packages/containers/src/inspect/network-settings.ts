import type { EndpointSettings, NetworkSettings, Port, PortMap } from '@gantry/api-types';
import type { Attachment, EndpointInfo, NetworkInfo, PublishedPort } from '@gantry/network';
import type { Container } from '../container.ts';
import { exposedPorts } from '../create/options/ports.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { namesOn } from '../networks/endpoint-requests.ts';
import { isUserDefined } from '../networks/network-names.ts';

/** `NetworkSettings` of `docker inspect`. The addresses on the top are those on the default bridge, as in Docker. */
export function networkSettings(environment: ContainerEnvironment, container: Container): NetworkSettings {
  const attachment = attachmentOf(environment, container);
  const onBridge = attachment?.endpoints.find(({ networkName }) => networkName === 'bridge');
  const { NetworkID: _network, ...shown } = placeOf(onBridge);
  return {
    Bridge: '',
    SandboxID: attachment === undefined ? '' : container.id,
    SandboxKey: attachment?.namespacePath ?? '',
    Ports: portMap(container, attachment?.ports ?? []),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    ...shown,
    Networks: endpointsOf(environment, container),
  };
}

/** The container's networks by name; `networks` are all there are, for who asks for many containers. */
export function endpointsOf(
  environment: ContainerEnvironment,
  container: Container,
  networks: readonly NetworkInfo[] = environment.ports.network.networks(),
): Record<string, EndpointSettings> {
  const { record } = container;
  const attachment = attachmentOf(environment, container);
  const runs = container.run !== undefined;
  return Object.fromEntries(
    Object.entries(record.network.endpoints).map(([name, wish]) => {
      const joined = attachment?.endpoints.find(({ networkName }) => networkName === name);
      const id = runs ? networks.find((network) => network.name === name)?.id : undefined;
      const endpoint = {
        IPAMConfig: wish.IPAMConfig ?? null,
        Links: wish.Links ?? null,
        Aliases: wish.Aliases ?? null,
        DriverOpts: wish.DriverOpts ?? null,
        GwPriority: wish.GwPriority ?? 0,
        ...placeOf(joined),
        ...(joined === undefined && { NetworkID: id ?? '', MacAddress: wish.MacAddress ?? '' }),
        DNSNames: isUserDefined(name) && runs ? namesOn(name, wish.Aliases ?? [], record) : null,
      };
      return [name, endpoint as EndpointSettings];
    }),
  );
}

/** Where an endpoint is; nothing but zero values for one that is not joined. */
function placeOf(endpoint: EndpointInfo | undefined) {
  return {
    NetworkID: endpoint?.networkId ?? '',
    EndpointID: endpoint?.endpointId ?? '',
    Gateway: endpoint?.ipv4?.gateway ?? '',
    IPAddress: endpoint?.ipv4?.address ?? '',
    IPPrefixLen: endpoint?.ipv4?.prefixLength ?? 0,
    IPv6Gateway: endpoint?.ipv6?.gateway ?? '',
    GlobalIPv6Address: endpoint?.ipv6?.address ?? '',
    GlobalIPv6PrefixLen: endpoint?.ipv6?.prefixLength ?? 0,
    MacAddress: endpoint?.macAddress ?? '',
  } as const;
}

/** `Ports` of `docker ps`: what is published, and what is only exposed, of a container that runs. */
export function portList(environment: ContainerEnvironment, container: Container): Port[] {
  if (container.run === undefined) return [];
  const published = attachmentOf(environment, container)?.ports ?? [];
  const ports: Port[] = published.map(({ hostAddress, containerPort, hostPort, protocol }) => ({
    IP: shownAddress(hostAddress),
    PrivatePort: containerPort,
    PublicPort: hostPort,
    Type: protocol,
  }));
  for (const { port, protocol } of exposedPorts(container.record.config)) {
    const isPublished = published.some((item) => item.containerPort === port && item.protocol === protocol);
    if (!isPublished) ports.push({ PrivatePort: port, Type: protocol });
  }
  return ports;
}

function portMap(container: Container, published: readonly PublishedPort[]): PortMap {
  const map: PortMap = {};
  if (container.run === undefined) return map;
  for (const { port, protocol } of exposedPorts(container.record.config)) map[`${port}/${protocol}`] = null;
  for (const { containerPort, protocol, hostAddress, hostPort } of published) {
    const bindings = (map[`${containerPort}/${protocol}`] ??= []);
    // An opened port of a routed network is IPv4's, and comes first, without a number.
    if (hostAddress === '') bindings.unshift({ HostIp: shownAddress(''), HostPort: '' });
    else bindings.push({ HostIp: hostAddress, HostPort: String(hostPort) });
  }
  return map;
}

function attachmentOf({ ports }: ContainerEnvironment, container: Container): Attachment | undefined {
  return container.run === undefined ? undefined : ports.network.attachment(container.id);
}

function shownAddress(hostAddress: string): string {
  return hostAddress === '' ? '0.0.0.0' : hostAddress;
}
