import { EngineError } from '@gantry/base';

export class NetworkNotFoundError extends EngineError {
  override readonly name = 'NetworkNotFoundError';
  constructor(network: string) {
    super('not-found', 'network-not-found', `network ${network} not found`, { details: { network } });
  }
}

/** The network is one that only the runtime can give: `host` and `none` have no endpoints of ours. */
export class NetworkNotAttachableError extends EngineError {
  override readonly name = 'NetworkNotAttachableError';
  constructor(network: string) {
    super('invalid', 'network-not-attachable', `network ${network} has no endpoints to attach`, {
      details: { network },
    });
  }
}

export class AlreadyAttachedError extends EngineError {
  override readonly name = 'AlreadyAttachedError';
  constructor(containerId: string, network: string) {
    super(
      'conflict',
      'already-attached',
      `container ${containerId} is already attached to network ${network}`,
      {
        details: { containerId, network },
      },
    );
  }
}

/** A host port is taken: by a container of ours, or by somebody else on the host. The texts are Docker's. */
export class PortInUseError extends EngineError {
  override readonly name = 'PortInUseError';
  constructor(message: string, details: { hostAddress: string; hostPort: number; protocol: string }) {
    super('conflict', 'port-in-use', message, { details });
  }
}

/** A port is asked for on an address that the host does not have. */
export class HostAddressNotFoundError extends EngineError {
  override readonly name = 'HostAddressNotFoundError';
  constructor(hostAddress: string, hostPort: number) {
    super(
      'invalid',
      'host-address-not-found',
      `failed to bind host port for ${hostAddress}:${hostPort}: cannot assign requested address`,
      { details: { hostAddress, hostPort } },
    );
  }
}

export class InvalidPortError extends EngineError {
  override readonly name = 'InvalidPortError';
  constructor(message: string) {
    super('invalid', 'invalid-port', message);
  }
}

export class Ipv6PublishingError extends EngineError {
  override readonly name = 'Ipv6PublishingError';
  constructor(hostAddress: string) {
    super(
      'not-implemented',
      'ipv6-publishing',
      `publishing a port on the IPv6 address ${hostAddress} is not implemented: use an IPv4 address`,
      { details: { hostAddress } },
    );
  }
}

export class NoAddressLeftError extends EngineError {
  override readonly name = 'NoAddressLeftError';
  constructor(network: string, subnet: string) {
    super('exhausted', 'no-address-left', `no available IPv4 addresses on network ${network} (${subnet})`, {
      details: { network, subnet },
    });
  }
}

/** No default pool is free of the host's own routes. */
export class NoSubnetLeftError extends EngineError {
  override readonly name = 'NoSubnetLeftError';
  constructor() {
    super(
      'exhausted',
      'no-subnet-left',
      'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network: set --bip',
    );
  }
}

/** Linux bridges have 1,023 ports. */
export class BridgeFullError extends EngineError {
  override readonly name = 'BridgeFullError';
  constructor(bridge: string, cause: unknown) {
    super('exhausted', 'bridge-full', `bridge ${bridge} has no port left: it takes 1023 containers`, {
      details: { bridge },
      cause,
    });
  }
}

/** The bridge or its address cannot be what the configuration asks for. */
export class BridgeConfigurationError extends EngineError {
  override readonly name = 'BridgeConfigurationError';
  constructor(bridge: string, reason: string) {
    super('invalid', 'bridge-configuration', `bridge ${bridge}: ${reason}`, { details: { bridge } });
  }
}

/** nft refused, or cannot be run. `stderr` is its own text, cut to 4 kB. */
export class FirewallError extends EngineError {
  override readonly name = 'FirewallError';
  constructor(table: string, stderr: string, cause?: unknown) {
    super('internal', 'firewall', `nft table ${table}: ${stderr.trim().slice(0, 4096)}`, {
      details: { table },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
