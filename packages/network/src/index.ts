export type { NamedAddresses, NameSource } from './dns/name-source.ts';
export { openResolverHost, type ResolverHost, type ResolverSandbox } from './dns/resolver-host.ts';
export type { UpstreamServer } from './dns/upstream/upstream-server.ts';
export {
  AlreadyAttachedError,
  AmbiguousNetworkError,
  BridgeConfigurationError,
  BridgeFullError,
  EndpointExistsError,
  FirewallError,
  HostAddressNotFoundError,
  InvalidPortError,
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
} from './errors.ts';

export type {
  Attachment,
  AttachRequest,
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
export { type NetworkControllerOptions, openNetworkController } from './open-network-controller.ts';
