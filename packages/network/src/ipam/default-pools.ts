import { NoSubnetLeftError } from '../errors.ts';
import { type Family, overlap, type Subnet, sizeOf, subnetFrom } from './subnet.ts';

/** A range, and the prefix length of the subnets cut from it: an entry of `default-address-pools`. */
export interface AddressPoolRange {
  /** `172.20.0.0/14`. */
  base: string;
  size: number;
}

/** Docker's default pools of local networks. */
export const dockerPools: readonly AddressPoolRange[] = [
  { base: '172.17.0.0/16', size: 16 },
  { base: '172.18.0.0/16', size: 16 },
  { base: '172.19.0.0/16', size: 16 },
  { base: '172.20.0.0/14', size: 16 },
  { base: '172.24.0.0/14', size: 16 },
  { base: '172.28.0.0/14', size: 16 },
  { base: '192.168.0.0/16', size: 20 },
];

/** The subnets that networks get when nobody names one. */
export class DefaultPools {
  readonly #ranges: readonly { whole: Subnet; size: number }[];

  /** `configured` takes the place of Docker's; `uniqueLocal`, a /48 of this host, serves IPv6 where `configured` has none. */
  constructor(uniqueLocal: string, configured: readonly AddressPoolRange[] = dockerPools) {
    const ranges = configured.map(({ base, size }) => ({ whole: subnetFrom(base), size }));
    const hasV6 = ranges.some(({ whole }) => whole.family === 6);
    this.#ranges = hasV6 ? ranges : [...ranges, { whole: subnetFrom(uniqueLocal), size: 64 }];
  }

  /** The first subnet of the family that overlaps none of `taken`. Throws `NoSubnetLeftError`. */
  choose(family: Family, taken: readonly Subnet[]): Subnet {
    for (const { whole, size } of this.#ranges) {
      if (whole.family !== family) continue;
      const inTheWay = taken.filter((subnet) => overlap(subnet, whole));
      const step = sizeOf({ family, prefixLength: size });
      const end = whole.base + sizeOf(whole);
      for (let base = whole.base; base < end; ) {
        const candidate = { family, base, prefixLength: size };
        const obstacle = inTheWay.find((subnet) => overlap(subnet, candidate));
        if (obstacle === undefined) return candidate;
        const behind = obstacle.base + sizeOf(obstacle);
        base = behind > base + step ? base + ((behind - base + step - 1n) / step) * step : base + step;
      }
    }
    throw new NoSubnetLeftError();
  }
}
