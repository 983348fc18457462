export {
  AlreadyAttachedError,
  BridgeConfigurationError,
  BridgeFullError,
  FirewallError,
  HostAddressNotFoundError,
  InvalidPortError,
  Ipv6PublishingError,
  NetworkNotAttachableError,
  NetworkNotFoundError,
  NoAddressLeftError,
  NoSubnetLeftError,
  PortInUseError,
} from './errors.ts';
export type {
  Attachment,
  AttachRequest,
  InterfaceTraffic,
  NetworkController,
  NetworkInfo,
  PortRequest,
  PublishedPort,
} from './network-controller.ts';
export { type NetworkControllerOptions, openNetworkController } from './open-network-controller.ts';
