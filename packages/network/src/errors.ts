import { EngineError } from '@gantry/base';

export class NetworkNotFoundError extends EngineError {
  override readonly name = 'NetworkNotFoundError';
  constructor(network: string) {
    super('not-found', 'network-not-found', `network ${network} not found`, { details: { network } });
  }
}

/** A prefix of an id fits several networks. */
export class AmbiguousNetworkError extends EngineError {
  override readonly name = 'AmbiguousNetworkError';
  constructor(reference: string) {
    super(
      'invalid',
      'ambiguous-network',
      `network ${reference} is ambiguous (2 matches found on ID prefix)`,
      {
        details: { network: reference },
      },
    );
  }
}

/** `bridge`, `host` and `none` are always there. */
export class PredefinedNetworkError extends EngineError {
  override readonly name = 'PredefinedNetworkError';
  constructor(network: string) {
    super('forbidden', 'predefined-network', `${network} is a pre-defined network and cannot be removed`, {
      details: { network },
    });
  }
}

/** Names of networks are unique. */
export class NetworkNameTakenError extends EngineError {
  override readonly name = 'NetworkNameTakenError';
  constructor(network: string) {
    super('conflict', 'network-name-taken', `network with name ${network} already exists`, {
      details: { network },
    });
  }
}

/** Containers are on the network. */
export class NetworkInUseError extends EngineError {
  override readonly name = 'NetworkInUseError';
  constructor(network: string, endpoints: readonly { name: string; endpointId: string }[]) {
    const list = endpoints.map((each) => `name:"${each.name}" id:"${each.endpointId.slice(0, 12)}"`);
    super(
      'forbidden',
      'network-in-use',
      `error while removing network: network ${network} has active endpoints (${list.join(', ')})`,
      { details: { network } },
    );
  }
}

/** The container has no sandbox: it does not run, or its network is the host's or another container's. */
export class NotAttachedError extends EngineError {
  override readonly name = 'NotAttachedError';
  constructor(containerId: string) {
    super('conflict', 'not-attached', `container ${containerId} has no network namespace of its own`, {
      details: { containerId },
    });
  }
}

/** The container is not on the network. */
export class NotConnectedError extends EngineError {
  override readonly name = 'NotConnectedError';
  constructor(containerId: string, network: string) {
    super('internal', 'not-connected', `container ${containerId} is not connected to network ${network}`, {
      details: { containerId, network },
    });
  }
}

/** The container is on the network already. */
export class EndpointExistsError extends EngineError {
  override readonly name = 'EndpointExistsError';
  constructor(containerName: string, network: string) {
    super(
      'forbidden',
      'endpoint-exists',
      `endpoint with name ${containerName} already exists in network ${network}`,
      { details: { network } },
    );
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
  constructor(containerId: string) {
    super('conflict', 'already-attached', `container ${containerId} is already attached`, {
      details: { containerId },
    });
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

export class NoAddressLeftError extends EngineError {
  override readonly name = 'NoAddressLeftError';
  constructor({ id, name }: { id: string; name: string }, family: 4 | 6) {
    super(
      'exhausted',
      'no-address-left',
      `no available IPv${family} addresses on this network's address pools: ${name} (${id})`,
      { details: { network: name } },
    );
  }
}

/** Somebody on the network has the address, or the network itself. */
export class AddressInUseError extends EngineError {
  override readonly name = 'AddressInUseError';
  constructor(address: string) {
    super('forbidden', 'address-in-use', 'Address already in use', { details: { address } });
  }
}

/** No default pool is free of the host's own routes and of other networks. */
export class NoSubnetLeftError extends EngineError {
  override readonly name = 'NoSubnetLeftError';
  constructor() {
    super('invalid', 'no-subnet-left', 'all predefined address pools have been fully subnetted');
  }
}

/** The subnet of a network to be made overlaps that of another. */
export class SubnetOverlapError extends EngineError {
  override readonly name = 'SubnetOverlapError';
  constructor(subnet: string, network: string) {
    super(
      'forbidden',
      'subnet-overlap',
      'invalid pool request: Pool overlaps with other one on this address space',
      { details: { subnet, network } },
    );
  }
}

/** A network cannot be as it is asked for. The texts are Docker's. */
export class InvalidNetworkError extends EngineError {
  override readonly name = 'InvalidNetworkError';
  constructor(message: string, kind: 'invalid' | 'forbidden' | 'not-found' = 'invalid') {
    super(kind, 'invalid-network', message);
  }
}

/** An endpoint cannot be as it is asked for. The texts are Docker's. */
export class InvalidEndpointError extends EngineError {
  override readonly name = 'InvalidEndpointError';
  constructor(message: string) {
    super('invalid', 'invalid-endpoint', message);
  }
}

/** No driver of that name makes networks here. */
export class DriverNotFoundError extends EngineError {
  override readonly name = 'DriverNotFoundError';
  constructor(driver: string) {
    super('not-found', 'network-driver-not-found', `plugin ${JSON.stringify(driver)} not found`, {
      details: { driver },
    });
  }
}

/** This kernel has no interfaces of the kind that a network is made of. */
export class LinkKindMissingError extends EngineError {
  override readonly name = 'LinkKindMissingError';
  constructor(kind: string, network: string) {
    super(
      'not-implemented',
      'link-kind-missing',
      `network ${network} cannot be made: this kernel has no ${kind} interfaces`,
      { details: { kind, network } },
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

/** The engine's resolver cannot be put into a container's network namespace. */
export class ResolverNotOpenedError extends EngineError {
  override readonly name = 'ResolverNotOpenedError';
  constructor(containerId: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super('internal', 'resolver-not-opened', `DNS resolver of container ${containerId}: ${reason}`, {
      details: { containerId },
      cause,
    });
  }
}
