export type { NamedAddresses, NameSource } from './dns/name-source.ts';
export { openResolverHost, type ResolverHost, type ResolverSandbox } from './dns/resolver-host.ts';
export type { UpstreamServer } from './dns/upstream/upstream-server.ts';
export type {
  DefaultRoute,
  DriverPlan,
  DriverSandbox,
  NetworkDriver,
  PlanContext,
} from './drivers/network-driver.ts';
export { markOf } from './drivers/network-driver.ts';
export {
  AddressInUseError,
  AlreadyAttachedError,
  AmbiguousNetworkError,
  BridgeConfigurationError,
  BridgeFullError,
  DriverNotFoundError,
  EndpointExistsError,
  FirewallError,
  HostAddressNotFoundError,
  InvalidEndpointError,
  InvalidNetworkError,
  InvalidPortError,
  LinkKindMissingError,
  NetworkInUseError,
  NetworkNameTakenError,
  NetworkNotAttachableError,
  NetworkNotFoundError,
  NoAddressLeftError,
  NoSubnetLeftError,
  NotAttachedError,
  NotConnectedError,
  PortInUseError,
  PredefinedNetworkError,
  ResolverNotOpenedError,
  SubnetOverlapError,
} from './errors.ts';
export { examineHostFirewall, type HostFirewall } from './firewall/host-firewall.ts';
export type { PacketMark } from './firewall/table-script.ts';
export { type AddressPoolRange } from './ipam/default-pools.ts';
export type {
  Attachment,
  AttachRequest,
  ContainerPorts,
  DnsRequest,
  EndpointAddress,
  EndpointInfo,
  EndpointRequest,
  InterfaceTraffic,
  IpamConfig,
  IpamRequest,
  NetworkController,
  NetworkCreateRequest,
  NetworkInfo,
  NetworkProblem,
  PortRequest,
  PublishedPort,
} from './network-controller.ts';
export type { DefaultBridgeSettings } from './networks/default-bridge.ts';
export type { NetworkRecord, NetworkSubnet } from './networks/network-record.ts';
export { type NetworkControllerOptions, openNetworkController } from './open-network-controller.ts';
export type { AddressRecord, EndpointRecord } from './sandbox/sandbox-record.ts';
