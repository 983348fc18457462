import { type Subnet, sizeOf } from './subnet.ts';

/** The addresses of one subnet. In memory only: whoever takes one writes it down before using it. */
export class AddressPool {
  readonly subnet: Subnet;
  readonly #used: Set<number>;
  /** No address below is free. */
  #floor: number;

  /** The first and the last address (network and broadcast) and `reserved` are never given out. */
  constructor(subnet: Subnet, reserved: readonly number[]) {
    this.subnet = subnet;
    this.#used = new Set(reserved);
    this.#floor = subnet.base + 1;
  }

  /**
   * Takes the lowest free address that `isUsable` agrees to, as Docker does; undefined when there is none. `isUsable` is
   * asked once for each candidate, in ascending order.
   */
  take(isUsable: (address: number) => boolean = () => true): number | undefined {
    const last = this.subnet.base + sizeOf(this.subnet.prefixLength) - 2;
    while (this.#used.has(this.#floor)) this.#floor += 1;
    for (let address = this.#floor; address <= last; address++) {
      if (this.#used.has(address) || !isUsable(address)) continue;
      this.#used.add(address);
      return address;
    }
    return undefined;
  }

  /** Marks an address as used; false when it was already. */
  hold(address: number): boolean {
    if (this.#used.has(address)) return false;
    this.#used.add(address);
    return true;
  }

  release(address: number): void {
    this.#used.delete(address);
    this.#floor = Math.min(this.#floor, Math.max(address, this.subnet.base + 1));
  }
}

/** Docker's MAC of an address: `02:42:` and the four octets. */
export function macAddressOf(address: number): string {
  const octets = [24, 16, 8, 0].map((shift) => ((address >>> shift) & 255).toString(16).padStart(2, '0'));
  return ['02', '42', ...octets].join(':');
}
