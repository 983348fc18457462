import { existsSync } from 'node:fs';
import { type HeldPort, holdPort, isErrno, readSysctl } from '@gantry/kernel';
import { HostAddressNotFoundError, PortInUseError } from '../errors.ts';
import type { PortRequest, PublishedPort } from '../network-controller.ts';
import { type HeldPlace, HeldPlaces } from './held-places.ts';
import {
  assertValid,
  everyIPv4,
  everyIPv6,
  formatPlace,
  hostAddressesOf,
  isRelayed,
  type PortPlace,
  publishedPort,
} from './port-place.ts';

/** Ports that a container holds; disposing gives them back, once. */
export interface HeldPorts extends Disposable {
  /** In order of asking, of one request IPv4 before IPv6. */
  readonly ports: readonly PublishedPort[];
  /** What holds them, in the same order. */
  readonly sockets: readonly HeldPort[];
}

export interface PortTableOptions {
  bindSocket?: typeof holdPort;
  /** Whether this host has IPv6 at all. */
  ipv6?: boolean;
}

/** Who publishes more ports than this holds them by name alone: a socket each would cost too much. */
export const mostHeldPorts: number = 256;
/** How often a free port of IPv4 may turn out to be taken on IPv6. */
const pairAttempts = 64;

/**
 * The host ports of this engine's containers. Each is held by a bound socket that never listens, so that no other
 * program and no other engine takes it; the packets are the firewall's business.
 */
export class PortTable {
  readonly #held = new HeldPlaces();
  readonly #bindSocket: typeof holdPort;
  readonly #ipv6: boolean;

  constructor({ bindSocket = holdPort, ipv6 = existsSync('/proc/net/if_inet6') }: PortTableOptions = {}) {
    this.#bindSocket = bindSocket;
    this.#ipv6 = ipv6;
  }

  /**
   * Holds all of the ports or none. Ranges give the first free port, two zeros any free ephemeral one; a request of
   * several addresses gets one number. Throws `PortInUseError`, `HostAddressNotFoundError`, `InvalidPortError`.
   */
  reserve(requests: readonly PortRequest[], place: PortPlace): HeldPorts {
    using undo = new DisposableStack();
    const ports: PublishedPort[] = [];
    const sockets: HeldPort[] = [];
    const byName = requests.length > mostHeldPorts && place.relaysAll !== true;
    for (const request of requests) {
      assertValid(request);
      const { opened, translated } = this.#addressesOf(request, place, byName);
      const held = translated.length === 0 ? [] : this.#holdAny(request, translated);
      for (const [index, socket] of [...held, ...(opened ? [noPort] : [])].entries()) {
        undo.use(socket);
        const hostAddress = translated[index] ?? '';
        if (byName && socket instanceof NotedPort && !isRelayed(hostAddress, place)) socket.letGo();
        ports.push(publishedPort(request, hostAddress, socket.port));
        sockets.push(socket);
      }
    }
    undo.move();
    return heldPorts(ports, sockets);
  }

  /** Holds exactly these ports, but for those that `onTaken` is told of. */
  hold(ports: readonly PublishedPort[], onTaken: (port: PublishedPort, error: unknown) => void): HeldPorts {
    using undo = new DisposableStack();
    const byName = ports.length > mostHeldPorts * 2;
    const sockets = ports.map((port) => {
      if (port.hostAddress === '') return noPort;
      try {
        const socket = undo.use(this.#hold(port));
        if (byName) socket.letGo();
        return socket;
      } catch (error) {
        onTaken(port, error);
        return noPort;
      }
    });
    undo.move();
    return heldPorts(ports, sockets);
  }

  /** The host addresses that share one port number, and whether a port is opened on a routed network besides. */
  #addressesOf(
    request: PortRequest,
    place: PortPlace,
    byName: boolean,
  ): { translated: string[]; opened: boolean } {
    const all = hostAddressesOf(request, place, this.#ipv6 && !byName);
    const translated = all.filter((address) => address !== '');
    // A host without IPv6 has no IPv6 address to come along.
    const usable =
      this.#ipv6 || all.length === 1 ? translated : translated.filter((one) => one !== everyIPv6);
    return { translated: usable, opened: all.includes('') };
  }

  #holdAny(request: PortRequest, addresses: readonly string[]): NotedPort[] {
    const { hostPortFirst, hostPortLast, hostAddress } = request;
    if (hostPortFirst === 0) return this.#holdEphemeral(request, addresses);
    if (hostPortFirst === hostPortLast) return this.#holdEach(request, addresses, hostPortFirst);
    for (let port = hostPortFirst; port <= hostPortLast; port++) {
      try {
        return this.#holdEach(request, addresses, port);
      } catch (error) {
        if (!(error instanceof PortInUseError)) throw error;
      }
    }
    const shown = addresses[0] ?? hostAddress;
    const message = `Bind for ${formatPlace(shown, `${hostPortFirst}-${hostPortLast}`)} failed: all ports are allocated`;
    throw new PortInUseError(message, {
      hostAddress: shown,
      hostPort: hostPortFirst,
      protocol: request.protocol,
    });
  }

  /** Numbers that do not serve are kept until one does, so that the kernel gives others. */
  #holdEphemeral(request: PortRequest, addresses: readonly string[]): NotedPort[] {
    using unfit = new DisposableStack();
    const [first = '', ...others] = addresses;
    for (let attempt = 1; ; attempt++) {
      const port = this.#hold(publishedPort(request, first, 0));
      try {
        return [port, ...this.#holdEach(request, others, port.port)];
      } catch (error) {
        unfit.use(port);
        if (!(error instanceof PortInUseError) || attempt >= pairAttempts) throw error;
      }
    }
  }

  #holdEach(request: PortRequest, addresses: readonly string[], port: number): NotedPort[] {
    using undo = new DisposableStack();
    const held = addresses.map((address) => undo.use(this.#hold(publishedPort(request, address, port))));
    undo.move();
    return held;
  }

  #hold(wanted: PublishedPort): NotedPort {
    const { protocol, hostAddress, hostPort } = wanted;
    if (hostPort !== 0 && this.#held.conflicts(wanted)) {
      const message = `Bind for ${formatPlace(hostAddress, hostPort)} failed: port is already allocated`;
      throw new PortInUseError(message, { hostAddress, hostPort, protocol });
    }
    return this.#noted(wanted, this.#bind(wanted));
  }

  #noted({ protocol, hostAddress }: PublishedPort, socket: HeldPort): NotedPort {
    return new NotedPort(this.#held, { protocol, hostAddress, hostPort: socket.port }, socket);
  }

  #bind({ protocol, hostAddress, hostPort }: PublishedPort): HeldPort {
    try {
      return this.#bindSocket(protocol, hostAddress, hostPort);
    } catch (error) {
      if (isErrno(error, 'EADDRINUSE')) {
        const message = `failed to bind host port for ${formatPlace(hostAddress, hostPort)}: address already in use`;
        throw new PortInUseError(message, { hostAddress, hostPort, protocol });
      }
      if (isErrno(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT')) {
        throw new HostAddressNotFoundError(hostAddress, hostPort);
      }
      if (isErrno(error, 'EPROTONOSUPPORT')) {
        return this.#bindSocket(protocol, hostAddress, this.#unheldPort(protocol));
      }
      throw error;
    }
  }

  /** An ephemeral port for a protocol that this kernel has no sockets of: only containers of ours can have taken it. */
  #unheldPort(protocol: PublishedPort['protocol']): number {
    const [first = 0, last = 0] = readSysctl(['net', 'ipv4', 'ip_local_port_range']).split(/\s+/).map(Number);
    for (let port = first; port <= last; port++) if (!this.#held.hasNumber(protocol, port)) return port;
    const message = `Bind for ${formatPlace(everyIPv4, `${first}-${last}`)} failed: all ports are allocated`;
    throw new PortInUseError(message, { hostAddress: everyIPv4, hostPort: first, protocol });
  }
}

function heldPorts(ports: readonly PublishedPort[], sockets: readonly HeldPort[]): HeldPorts {
  const release = (): void => {
    for (const socket of sockets) socket[Symbol.dispose]();
  };
  return { ports, sockets, [Symbol.dispose]: release };
}

/** A port that is noted as held: by its socket, or by name alone. */
class NotedPort implements HeldPort {
  readonly #places: HeldPlaces;
  readonly #place: HeldPlace;
  #socket: HeldPort | undefined;
  #isHeld = true;

  constructor(places: HeldPlaces, place: HeldPlace, socket: HeldPort) {
    this.#places = places;
    this.#place = place;
    this.#socket = socket;
    places.add(place);
  }

  get port(): number {
    return this.#place.hostPort;
  }

  take(): number | undefined {
    return this.#socket?.take();
  }

  /** Closes the socket; the port stays noted as held. */
  letGo(): void {
    this.#socket?.[Symbol.dispose]();
    this.#socket = undefined;
  }

  [Symbol.dispose](): void {
    this.letGo();
    if (this.#isHeld) this.#places.delete(this.#place);
    this.#isHeld = false;
  }
}

/** Stands for what needs no port of the host: a routed network's, and one that is lost. */
const noPort: HeldPort = {
  port: 0,
  take: () => undefined,
  [Symbol.dispose]: () => {},
};
