import { contains, lastOf, type Subnet } from './subnet.ts';

/** The addresses of one subnet. In memory only: whoever takes one writes it down before using it. */
export class AddressPool {
  readonly subnet: Subnet;
  readonly #used: Set<bigint>;
  readonly #first: bigint;
  readonly #last: bigint;
  /** No address below is free. */
  #floor: bigint;

  /**
   * Gives addresses of `range` (the whole subnet when missing), never `reserved` ones, nor the network's own address, nor
   * the broadcast address of IPv4; an IPv4 subnet of one or two addresses has neither of those.
   */
  constructor(
    subnet: Subnet,
    { reserved = [], range = subnet }: { reserved?: readonly bigint[]; range?: Subnet } = {},
  ) {
    this.subnet = subnet;
    this.#used = new Set(reserved);
    if (subnet.family === 6 || subnet.prefixLength < 31) this.#used.add(subnet.base);
    if (subnet.family === 4 && subnet.prefixLength < 31) this.#used.add(lastOf(subnet));
    this.#first = range.base;
    this.#last = lastOf(range);
    this.#floor = this.#first;
  }

  /**
   * Takes the lowest free address that `isUsable` agrees to, as Docker does; undefined when there is none. `isUsable` is
   * asked once for each candidate, in ascending order.
   */
  take(isUsable: (address: bigint) => boolean = () => true): bigint | undefined {
    while (this.#used.has(this.#floor)) this.#floor += 1n;
    for (let address = this.#floor; address <= this.#last; address++) {
      if (this.#used.has(address) || !isUsable(address)) continue;
      this.#used.add(address);
      return address;
    }
    return undefined;
  }

  /** Marks an address of the subnet as used; false when it was already, or is not of the subnet. */
  hold(address: bigint): boolean {
    if (this.#used.has(address) || !contains(this.subnet, { family: this.subnet.family, value: address }))
      return false;
    this.#used.add(address);
    return true;
  }

  release(address: bigint): void {
    this.#used.delete(address);
    if (address >= this.#first && address < this.#floor) this.#floor = address;
  }
}

/** Docker's MAC of an IPv4 address: `02:42:` and the four octets. */
export function macAddressOf(address: bigint): string {
  const octets = [24n, 16n, 8n, 0n].map((shift) => ((address >> shift) & 255n).toString(16).padStart(2, '0'));
  return ['02', '42', ...octets].join(':');
}
