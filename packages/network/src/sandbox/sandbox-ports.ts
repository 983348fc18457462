import type { PortRequest, PublishedPort } from '../network-controller.ts';
import type { PortPlace } from '../ports/port-place.ts';
import type { ContainerAddresses, PortPublisher, PortReservation } from '../ports/port-publisher.ts';
import type { Gateways, JoinedEndpoint } from './gateways.ts';
import type { SandboxRecord } from './sandbox-record.ts';

/** The published ports of sandboxes: those of a container lead to its gateway endpoints. */
export class SandboxPorts {
  readonly #publisher: PortPublisher;
  /** Address that ports are published on where neither they nor the network name one; empty for all. */
  readonly #defaultAddress: string;
  readonly #reservations = new Map<string, PortReservation>();

  constructor(publisher: PortPublisher, defaultAddress: string) {
    this.#publisher = publisher;
    this.#defaultAddress = defaultAddress;
  }

  /** Holds the ports for a container behind these gateways; none where no gateway publishes. Everything or nothing. */
  reserve(containerId: string, wanted: readonly PortRequest[], gateways: Gateways): readonly PublishedPort[] {
    const place = this.#placeOf(gateways);
    if (place === undefined || wanted.length === 0) return [];
    const reservation = this.#publisher.reserve(wanted, place);
    this.#reservations.set(containerId, reservation);
    return reservation.ports;
  }

  /** Takes over the ports of a record whose rules are there, after a restart. */
  adopt({ containerId, ports }: SandboxRecord, gateways: Gateways): void {
    if (ports.length === 0 || this.#reservations.has(containerId)) return;
    this.#reservations.set(containerId, this.#publisher.adopt(ports, targetOf(gateways)));
  }

  /** Lets what is reserved lead to the gateways; again when they have changed. */
  async publish(containerId: string, gateways: Gateways): Promise<void> {
    const reservation = this.#reservations.get(containerId);
    if (reservation !== undefined) await this.#publisher.publish(reservation, targetOf(gateways));
  }

  /** Lets the ports of a record lead nowhere, whether they were taken over or not. Idempotent. They stay held. */
  async unpublish({ containerId, ports }: SandboxRecord, gateways: Gateways): Promise<void> {
    const reservation = this.#reservations.get(containerId);
    if (reservation !== undefined) await this.#publisher.unpublish(reservation);
    else if (ports.length > 0) await this.#publisher.withdraw(ports, targetOf(gateways));
  }

  /** Gives the ports back. Idempotent. */
  release(containerId: string): void {
    this.#reservations.get(containerId)?.[Symbol.dispose]();
    this.#reservations.delete(containerId);
  }

  releaseAll(): void {
    for (const containerId of this.#reservations.keys()) this.release(containerId);
  }

  /** Makes the ports of a container fit other gateways. Returns what is published then. Throws, and then all is as before. */
  async move(record: SandboxRecord, before: Gateways, after: Gateways): Promise<readonly PublishedPort[]> {
    const { containerId, wantedPorts, ports } = record;
    if (wantedPorts.length === 0 || sameTarget(targetOf(before), targetOf(after))) return ports;
    const [from, to] = [this.#placeOf(before), this.#placeOf(after)];
    if (from !== undefined && to !== undefined && JSON.stringify(from) === JSON.stringify(to)) {
      await this.publish(containerId, after);
      return ports;
    }
    await this.unpublish(record, before);
    this.release(containerId);
    try {
      const reserved = this.reserve(containerId, wantedPorts, after);
      await this.publish(containerId, after);
      return reserved;
    } catch (error) {
      this.release(containerId);
      this.adopt(record, before);
      await this.publish(containerId, before);
      throw error;
    }
  }

  #placeOf(gateways: Gateways): PortPlace | undefined {
    const [filter4, filter6] = [filterOf(gateways[4]), filterOf(gateways[6])];
    if (filter4 === undefined && filter6 === undefined) return undefined;
    const named = (gateways[4] ?? gateways[6])?.network.record.options[bindingOption] ?? '';
    const binding = named === '0.0.0.0' ? '' : named;
    return {
      ipv4: filter4 !== undefined,
      ipv6: filter6 !== undefined,
      defaultAddress: binding === '' ? this.#defaultAddress : binding,
      routed4: filter4?.gatewayMode4 === 'routed',
      routed6: filter6?.gatewayMode6 === 'routed',
    };
  }
}

const bindingOption = 'com.docker.network.bridge.host_binding_ipv4';

/** Where the ports of a container behind these gateways lead. */
export function targetOf(gateways: Gateways): ContainerAddresses {
  const ipv4 = filterOf(gateways[4]) && gateways[4]?.endpoint.ipv4?.address;
  const ipv6 = filterOf(gateways[6]) && gateways[6]?.endpoint.ipv6?.address;
  return { ...(ipv4 !== undefined && { ipv4 }), ...(ipv6 !== undefined && { ipv6 }) };
}

/** Ports are published where packets pass the host's rules. */
function filterOf(
  joined: JoinedEndpoint | undefined,
): ReturnType<NonNullable<JoinedEndpoint['network']['driver']>['filter']> {
  return joined?.network.driver?.filter(joined.network.record);
}

function sameTarget(one: ContainerAddresses, other: ContainerAddresses): boolean {
  return one.ipv4 === other.ipv4 && one.ipv6 === other.ipv6;
}
