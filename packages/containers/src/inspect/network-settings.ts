import type { EndpointSettings, NetworkSettings, Port, PortMap } from '@gantry/api-types';
import type { Attachment, NetworkInfo, PublishedPort } from '@gantry/network';
import type { Container } from '../container.ts';
import { exposedPorts } from '../create/options/ports.ts';
import type { ContainerEnvironment } from '../environment.ts';

/** `NetworkSettings` of `docker inspect`. */
export function networkSettings(environment: ContainerEnvironment, container: Container): NetworkSettings {
  const attachment = attachmentOf(environment, container);
  const [endpoint] = attachment?.endpoints ?? [];
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
    EndpointID: endpoint?.endpointId ?? '',
    Gateway: endpoint?.ipv4?.gateway ?? '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: endpoint?.ipv4?.address ?? '',
    IPPrefixLen: endpoint?.ipv4?.prefixLength ?? 0,
    IPv6Gateway: '',
    MacAddress: endpoint?.macAddress ?? '',
    Networks: endpointsOf(environment, container),
  };
}

/** The container's networks by name; `networks` are all there are, for who asks for many containers. */
export function endpointsOf(
  environment: ContainerEnvironment,
  container: Container,
  networks: readonly NetworkInfo[] = environment.ports.network.networks(),
): Record<string, EndpointSettings> {
  const { mode } = container.record.network;
  if (mode === 'container') return {};
  const [joined] = attachmentOf(environment, container)?.endpoints ?? [];
  const network = networks.find(({ name }) => name === mode);
  const endpoint = {
    Aliases: undefined,
    MacAddress: joined?.macAddress ?? '',
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: container.run === undefined ? '' : (network?.id ?? ''),
    EndpointID: joined?.endpointId ?? '',
    Gateway: joined?.ipv4?.gateway ?? '',
    IPAddress: joined?.ipv4?.address ?? '',
    IPPrefixLen: joined?.ipv4?.prefixLength ?? 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
  };
  return { [mode]: endpoint };
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
    const binding = { HostIp: shownAddress(hostAddress), HostPort: String(hostPort) };
    (map[`${containerPort}/${protocol}`] ??= []).push(binding);
  }
  return map;
}

function attachmentOf({ ports }: ContainerEnvironment, container: Container): Attachment | undefined {
  return container.run === undefined ? undefined : ports.network.attachment(container.id);
}

function shownAddress(hostAddress: string): string {
  return hostAddress === '' ? '0.0.0.0' : hostAddress;
}
