import { isIPv6 } from 'node:net';
import type { PublishedPort } from '../network-controller.ts';
import { everyIPv4, everyIPv6 } from './port-place.ts';

/** A port of a host address. */
export type HeldPlace = Pick<PublishedPort, 'protocol' | 'hostAddress' | 'hostPort'>;

interface AddressPorts extends Pick<HeldPlace, 'protocol' | 'hostAddress'> {
  numbers: Set<number>;
}

/** Which ports of which host addresses are held: a number for each, for there may be thousands. */
export class HeldPlaces {
  readonly #addresses = new Map<string, AddressPorts>();

  add({ protocol, hostAddress, hostPort }: HeldPlace): void {
    const key = `${protocol}/${hostAddress}`;
    const ports = this.#addresses.get(key) ?? { protocol, hostAddress, numbers: new Set() };
    this.#addresses.set(key, ports);
    ports.numbers.add(hostPort);
  }

  /** Idempotent. */
  delete({ protocol, hostAddress, hostPort }: HeldPlace): void {
    const key = `${protocol}/${hostAddress}`;
    const numbers = this.#addresses.get(key)?.numbers;
    numbers?.delete(hostPort);
    if (numbers?.size === 0) this.#addresses.delete(key);
  }

  /** Whether the port is held on any address. */
  hasNumber(protocol: HeldPlace['protocol'], hostPort: number): boolean {
    return this.#some(protocol, hostPort, () => true);
  }

  /** Whether somebody holds it there, or on every address of the family, or the place is every address and somebody has one. */
  conflicts({ protocol, hostAddress, hostPort }: HeldPlace): boolean {
    const every = isIPv6(hostAddress) ? everyIPv6 : everyIPv4;
    return this.#some(protocol, hostPort, (held) =>
      hostAddress === every ? isIPv6(held) === isIPv6(hostAddress) : held === hostAddress || held === every,
    );
  }

  #some(protocol: HeldPlace['protocol'], hostPort: number, suits: (hostAddress: string) => boolean): boolean {
    for (const ports of this.#addresses.values()) {
      if (ports.protocol === protocol && ports.numbers.has(hostPort) && suits(ports.hostAddress)) return true;
    }
    return false;
  }
}
