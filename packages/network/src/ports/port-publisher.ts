import { isIPv6 } from 'node:net';
import { errorMessage, type Logger } from '@gantry/base';
import { forgetFlows, type NetlinkSocket } from '@gantry/kernel';
import type { Firewall } from '../firewall/firewall.ts';
import type { PortRule } from '../firewall/port-rules.ts';
import type { PortRequest, PublishedPort } from '../network-controller.ts';
import { everyIPv6, isRelayed, type PortPlace } from './port-place.ts';
import { openRelay, type PortRelay } from './port-relay.ts';
import { type HeldPorts, PortTable } from './port-table.ts';

/** Where a container is, for now. */
export interface ContainerAddresses {
  ipv4?: string;
  ipv6?: string;
}

/** Host ports of one container, held until it is disposed. `unpublish` first what was published. */
export interface PortReservation extends Disposable {
  readonly ports: readonly PublishedPort[];
}

export interface PortPublisherOptions {
  firewall: Pick<Firewall, 'publish' | 'unpublish'>;
  /** A netfilter socket; who opened it closes it. */
  netfilter: NetlinkSocket;
  logger: Logger;
  /** Nothing is translated: every port is relayed. */
  relaysAll?: boolean;
  table?: PortTable;
}

/**
 * Publishes ports of containers: holds them on the host, has the firewall translate their packets, relays in this
 * process what the kernel cannot translate (`isRelayed`), and lets flows of UDP be forgotten that know another place.
 */
export class PortPublisher {
  readonly #options: PortPublisherOptions;
  readonly #table: PortTable;

  constructor(options: PortPublisherOptions) {
    this.#options = options;
    this.#table = options.table ?? new PortTable();
  }

  /** As `PortTable.reserve`. */
  reserve(requests: readonly PortRequest[], place: PortPlace): PortReservation {
    const { relaysAll = false, logger } = this.#options;
    return new Reservation(this.#table.reserve(requests, { ...place, relaysAll }), logger, relaysAll);
  }

  /**
   * Takes over ports that a container has had since an earlier engine, and whose rules `Firewall.reset` has written. One
   * that somebody took meanwhile is told in the log.
   */
  adopt(ports: readonly PublishedPort[], to: ContainerAddresses): PortReservation {
    const { relaysAll = false } = this.#options;
    const held = this.#table.hold(ports, (port, error) =>
      this.#options.logger.warn('a published port was taken by another program meanwhile', {
        hostAddress: port.hostAddress,
        hostPort: port.hostPort,
        error: errorMessage(error),
      }),
    );
    const reservation = new Reservation(held, this.#options.logger, relaysAll);
    reservation.rules = portRules(ports, to);
    reservation.lead(to);
    return reservation;
  }

  /** Takes back what an earlier engine published and nobody has adopted. */
  async withdraw(ports: readonly PublishedPort[], from: ContainerAddresses): Promise<void> {
    const rules = portRules(ports, from);
    if (rules.length === 0) return;
    await this.#options.firewall.unpublish(rules);
    this.#forgetFlows(rules);
  }

  /**
   * Leads the ports to the container; again, with other addresses, moves them. Resolves when packets arrive there.
   * Throws `FirewallError`; then they lead nowhere.
   */
  async publish(reservation: PortReservation, to: ContainerAddresses): Promise<void> {
    const own = ours(reservation);
    const { firewall } = this.#options;
    const rules = portRules(own.ports, to);
    const before = own.rules;
    own.rules = rules;
    own.lead(to);
    if (rules.length === 0 && before.length === 0) return;
    try {
      // One transaction: what both say is replaced in it.
      await Promise.all([firewall.unpublish(before), firewall.publish(rules)]);
    } catch (error) {
      own.rules = [];
      own.lead({});
      throw error;
    }
    this.#forgetFlows(before);
    this.#forgetFlows(rules);
  }

  /** The ports lead nowhere; they stay held. Idempotent. */
  async unpublish(reservation: PortReservation): Promise<void> {
    const own = ours(reservation);
    const { rules } = own;
    own.rules = [];
    own.lead({});
    if (rules.length === 0) return;
    await this.#options.firewall.unpublish(rules);
    this.#forgetFlows(rules);
  }

  /** Old flows would keep reaching whoever had the port before, or the address of a container that is gone. */
  #forgetFlows(rules: readonly PortRule[]): void {
    const { netfilter } = this.#options;
    for (const { protocol, hostPort, containerAddress, containerPort } of rules) {
      if (protocol !== 'udp') continue;
      const family = isIPv6(containerAddress) ? 'ipv6' : 'ipv4';
      if (hostPort !== 0) forgetFlows(netfilter, { family, protocol, originalPort: hostPort });
      const answerer = { address: containerAddress, port: containerPort };
      forgetFlows(netfilter, { family, protocol, answerer });
    }
  }
}

/** The firewall's rules for published ports; none for what is relayed. */
export function portRules(ports: readonly PublishedPort[], to: ContainerAddresses): PortRule[] {
  const { ipv4, ipv6 } = to;
  const has = { ipv4: ipv4 !== undefined, ipv6: ipv6 !== undefined };
  return ports.flatMap(({ protocol, hostAddress, hostPort, containerPort }) => {
    const common = { protocol, hostAddress, hostPort, containerPort };
    if (hostAddress === '') {
      return [ipv4, ipv6].flatMap((address) => (address ? [{ ...common, containerAddress: address }] : []));
    }
    if (isRelayed(hostAddress, has)) return [];
    const containerAddress = isIPv6(hostAddress) ? ipv6 : ipv4;
    return containerAddress === undefined ? [] : [{ ...common, containerAddress }];
  });
}

class Reservation implements PortReservation {
  rules: readonly PortRule[] = [];
  readonly #held: HeldPorts;
  readonly #logger: Logger;
  readonly #relaysAll: boolean;
  /** By index of the port. */
  readonly #relays = new Map<number, PortRelay>();

  constructor(held: HeldPorts, logger: Logger, relaysAll: boolean) {
    this.#held = held;
    this.#logger = logger;
    this.#relaysAll = relaysAll;
  }

  get ports(): readonly PublishedPort[] {
    return this.#held.ports;
  }

  /** Where relays lead from now on; those that are needed are opened, and stay. */
  lead({ ipv4, ipv6 }: ContainerAddresses): void {
    const relaysAll = this.#relaysAll;
    const has = { ipv4: ipv4 !== undefined, ipv6: ipv6 !== undefined, relaysAll };
    for (const [index, port] of this.ports.entries()) {
      const { hostAddress, containerPort } = port;
      // On every IPv6 address there is ::1 too.
      const isNeeded = hostAddress === everyIPv6 || isRelayed(hostAddress, has);
      const address = isIPv6(hostAddress) ? (ipv6 ?? ipv4) : (ipv4 ?? ipv6);
      const relay = this.#relays.get(index) ?? (isNeeded && address ? this.#open(index, port) : undefined);
      if (relay === undefined) continue;
      relay.target = isNeeded && address ? { address, port: containerPort } : undefined;
    }
  }

  [Symbol.dispose](): void {
    for (const relay of this.#relays.values()) relay[Symbol.dispose]();
    this.#relays.clear();
    this.#held[Symbol.dispose]();
  }

  /** Undefined for a port that is held by name alone. */
  #open(index: number, { protocol, hostAddress, hostPort }: PublishedPort): PortRelay | undefined {
    const descriptor = protocol === 'sctp' ? undefined : this.#held.sockets[index]?.take();
    if (descriptor === undefined || protocol === 'sctp') return undefined;
    const relay = openRelay({ protocol, hostAddress, descriptor }, (error) => {
      const fields = { hostAddress, hostPort, error: errorMessage(error) };
      this.#logger.warn('a published port cannot be relayed', fields);
    });
    this.#relays.set(index, relay);
    return relay;
  }
}

function ours(reservation: PortReservation): Reservation {
  if (reservation instanceof Reservation) return reservation;
  throw new TypeError('a reservation of another publisher');
}
