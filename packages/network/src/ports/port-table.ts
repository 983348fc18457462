import { isIPv4, isIPv6 } from 'node:net';
import { type HeldPort, holdPort, isErrno } from '@gantry/kernel';
import {
  HostAddressNotFoundError,
  InvalidPortError,
  Ipv6PublishingError,
  PortInUseError,
} from '../errors.ts';
import type { PortRequest, PublishedPort } from '../network-controller.ts';

const everyAddress = '0.0.0.0';

/** Ports that a container holds; disposing gives them back. */
export interface PortReservation extends Disposable {
  /** In order of asking. */
  readonly ports: readonly PublishedPort[];
}

/**
 * The host ports of this engine's containers. Each is held by a bound socket that never listens, so that no other
 * program and no other engine takes it; the packets are the firewall's business.
 */
export class PortTable {
  /** `tcp/8080` → the host addresses that it is held on. */
  readonly #held = new Map<string, Set<string>>();
  readonly #bindSocket: typeof holdPort;

  constructor(bindSocket: typeof holdPort = holdPort) {
    this.#bindSocket = bindSocket;
  }

  /**
   * Holds all of the ports or none. Ranges give the first free port, two zeros any free one. Throws `PortInUseError`,
   * `HostAddressNotFoundError`, `InvalidPortError`, `Ipv6PublishingError`.
   */
  reserve(requests: readonly PortRequest[]): PortReservation {
    using undo = new DisposableStack();
    const ports = requests.map((request) => {
      assertValid(request);
      const held = this.#holdAny(request);
      undo.use(held);
      return publishedPort(request, held.port);
    });
    const kept = undo.move();
    return { ports, [Symbol.dispose]: () => kept.dispose() };
  }

  #holdAny(request: PortRequest): HeldPort {
    const { hostPortFirst, hostPortLast } = request;
    if (hostPortFirst === hostPortLast) return this.#hold(request, hostPortFirst);
    for (let port = hostPortFirst; port <= hostPortLast; port++) {
      try {
        return this.#hold(request, port);
      } catch (error) {
        if (!(error instanceof PortInUseError)) throw error;
      }
    }
    const { hostAddress } = publishedPort(request, 0);
    const range = `${hostPortFirst}-${hostPortLast}`;
    throw inUse(request, hostPortFirst, `Bind for ${hostAddress}:${range} failed: all ports are allocated`);
  }

  #hold(request: PortRequest, port: number): HeldPort {
    const wanted = publishedPort(request, port);
    const place = `${wanted.hostAddress}:${port}`;
    if (port !== 0 && this.#conflicts(wanted)) {
      throw inUse(request, port, `Bind for ${place} failed: port is already allocated`);
    }
    const socket = this.#bind(wanted);
    return { ...socket, [Symbol.dispose]: this.#note({ ...wanted, hostPort: socket.port }, socket) };
  }

  /** Notes that the port is held; the result gives it back, once. */
  #note({ protocol, hostAddress, hostPort }: PublishedPort, socket: HeldPort): () => void {
    const key = `${protocol}/${hostPort}`;
    const addresses = this.#held.get(key) ?? new Set();
    this.#held.set(key, addresses.add(hostAddress));
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      socket[Symbol.dispose]();
      addresses.delete(hostAddress);
      if (addresses.size === 0) this.#held.delete(key);
    };
  }

  #bind({ protocol, hostAddress, hostPort, containerPort }: PublishedPort): HeldPort {
    try {
      return this.#bindSocket(protocol, hostAddress, hostPort);
    } catch (error) {
      if (isErrno(error, 'EADDRINUSE')) {
        const message = `failed to bind host port for ${hostAddress}:${hostPort}: address already in use`;
        throw new PortInUseError(message, { hostAddress, hostPort, protocol });
      }
      if (isErrno(error, 'EADDRNOTAVAIL')) throw new HostAddressNotFoundError(hostAddress, hostPort);
      if (isErrno(error, 'EPROTONOSUPPORT')) {
        throw new InvalidPortError(
          `port ${containerPort}/sctp: this kernel has no SCTP sockets to choose a free host port with: name one`,
        );
      }
      throw error;
    }
  }

  #conflicts({ protocol, hostAddress, hostPort }: PublishedPort): boolean {
    const addresses = this.#held.get(`${protocol}/${hostPort}`);
    if (addresses === undefined) return false;
    return hostAddress === everyAddress || addresses.has(hostAddress) || addresses.has(everyAddress);
  }
}

function publishedPort(request: PortRequest, hostPort: number): PublishedPort {
  return {
    protocol: request.protocol,
    containerPort: request.containerPort,
    hostAddress: request.hostAddress === '' ? everyAddress : request.hostAddress,
    hostPort,
  };
}

function inUse(request: PortRequest, hostPort: number, message: string): PortInUseError {
  const { hostAddress, protocol } = publishedPort(request, hostPort);
  return new PortInUseError(message, { hostAddress, hostPort, protocol });
}

function assertValid({ containerPort, hostAddress, hostPortFirst, hostPortLast }: PortRequest): void {
  if (isIPv6(hostAddress)) throw new Ipv6PublishingError(hostAddress);
  if (hostAddress !== '' && !isIPv4(hostAddress)) {
    throw new InvalidPortError(`invalid host address to publish on: ${hostAddress}`);
  }
  if (!isPort(containerPort) || containerPort === 0)
    throw new InvalidPortError(`invalid port: ${containerPort}`);
  const isRange = isPort(hostPortFirst) && isPort(hostPortLast) && hostPortFirst <= hostPortLast;
  if (!isRange || (hostPortFirst === 0) !== (hostPortLast === 0)) {
    throw new InvalidPortError(`invalid range of host ports: ${hostPortFirst}-${hostPortLast}`);
  }
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65535;
}
