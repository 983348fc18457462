import {
  changeLink,
  createBridge,
  createVethPair,
  findLink,
  isErrno,
  listLinks,
  removeLink,
  writeSysctl,
} from '@gantry/kernel';
import type { BridgeLink } from './veth.ts';

/** One bridge of a network, and how many of its ports are taken. */
interface Segment {
  link: BridgeLink;
  /** No fewer than there are; counted anew when it reaches `limit`. */
  used: number;
  limit: number;
}

/**
 * A Linux bridge has 1,023 ports. The first of a network keeps some for bridges that join it by a veth pair each, so that
 * all of them are one wire: 63 of them, with a thousand containers each.
 */
export interface SegmentLimits {
  /** Containers on the first bridge. */
  first: number;
  /** Ports of each further one, of which the joining pair takes one. */
  further: number;
}

export interface SegmentOptions {
  limits: SegmentLimits;
  /** Told of each further bridge, those that are taken over too: with br_netfilter their frames pass the host's rules. */
  made: (bridge: string) => void;
}

export const bridgeLimits: SegmentLimits = { first: 960, further: 1022 };

/** The bridges of one network. With up to 960 containers there is one. */
export class BridgeSegments {
  readonly #networkId: string;
  readonly #segments: Segment[];
  readonly #limits: SegmentLimits;
  readonly #made: SegmentOptions['made'];

  /** Takes over the bridges that are there. `first` is the one with the network's addresses. */
  constructor(networkId: string, first: BridgeLink, { limits, made }: SegmentOptions) {
    this.#networkId = networkId;
    this.#limits = limits;
    this.#made = made;
    this.#segments = [{ link: first, used: limits.first, limit: limits.first }];
    for (;;) {
      const present = findLink(first.socket, this.#names(this.#segments.length).bridge);
      if (present === undefined) return;
      if (first.group !== undefined) first.socket.request(changeLink(present.index, { group: first.group }));
      staySilent(present.name);
      this.#note(present.name, present.index);
    }
  }

  /** The bridge for one more port. Makes a further bridge when all are full. */
  choose(): BridgeLink {
    const found = this.#free() ?? this.#count() ?? this.#extend();
    found.used += 1;
    return found.link;
  }

  /** The bridges themselves, the first of them first. */
  links(): BridgeLink[] {
    return this.#segments.map(({ link }) => link);
  }

  /** Deletes all but the first. */
  removeFurther(): void {
    const { socket } = this.#first();
    for (let index = this.#segments.length - 1; index > 0; index--) {
      removeLink(socket, this.#names(index).near);
      removeLink(socket, this.#names(index).bridge);
      this.#segments.pop();
    }
  }

  #free(): Segment | undefined {
    return this.#segments.find(({ used, limit }) => used < limit);
  }

  /** Counts the ports that are there now: a dropped namespace takes its port away by itself. */
  #count(): Segment | undefined {
    const used = new Map<number, number>();
    for (const { masterIndex } of listLinks(this.#first().socket)) {
      used.set(masterIndex, (used.get(masterIndex) ?? 0) + 1);
    }
    for (const segment of this.#segments) segment.used = used.get(segment.link.index) ?? 0;
    return this.#free();
  }

  /** One more bridge, on the wire of the first. Frames never come back by the pair: the bridges are a star. */
  #extend(): Segment {
    const { socket, index, mtu, isolated, group } = this.#first();
    const { bridge, near, far } = this.#names(this.#segments.length);
    const sized = mtu === undefined ? {} : { mtu };
    socket.request(
      createBridge({ name: bridge, ...sized }),
      changeLink(bridge, {
        linkLocal: false,
        alias: segmentMark(this.#networkId),
        ...(group === undefined ? {} : { group }),
      }),
    );
    staySilent(bridge);
    const further = findLink(socket, bridge)?.index ?? 0;
    removeLink(socket, near);
    socket.request(
      createVethPair({ name: near, masterIndex: index, ...sized }, { name: far, ...sized }),
      changeLink(near, { linkLocal: false, ...(isolated ? { isolated } : {}) }),
      changeLink(far, { linkLocal: false, masterIndex: further }),
      changeLink(bridge, { up: true }),
      changeLink(far, { up: true }),
      changeLink(near, { up: true }),
    );
    return this.#note(bridge, further);
  }

  #note(name: string, index: number): Segment {
    const { socket, mtu, isolated } = this.#first();
    const segment = { link: { socket, name, index, mtu, isolated }, used: 1, limit: this.#limits.further };
    this.#segments.push(segment);
    this.#made(name);
    return segment;
  }

  #first(): BridgeLink {
    const [first] = this.#segments;
    if (first === undefined) throw new RangeError(`network ${this.#networkId} has no bridge`);
    return first.link;
  }

  #names(index: number): { bridge: string; near: string; far: string } {
    const id = this.#networkId.slice(0, 8);
    return { bridge: `gx${index}-${id}`, near: `gj${index}a-${id}`, far: `gj${index}b-${id}` };
  }
}

/**
 * Linux answers on every interface for all IPv4 addresses of the host: a further bridge would pose as the gateway. With br_netfilter
 * answers to programs on the host come out here, of IPv6 too, and to 127/8.
 */
function staySilent(bridge: string): void {
  writeSysctl(['net', 'ipv4', 'conf', bridge, 'route_localnet'], '1');
  writeSysctl(['net', 'ipv4', 'conf', bridge, 'arp_ignore'], '8');
  try {
    writeSysctl(['net', 'ipv6', 'conf', bridge, 'disable_ipv6'], '0');
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** Text on a bridge that says whose it is. */
export function segmentMark(networkId: string): string {
  return `gantry-network:${networkId}`;
}
