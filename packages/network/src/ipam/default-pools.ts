import { NoSubnetLeftError } from '../errors.ts';
import { overlap, parseCidr, type Subnet, sizeOf } from './subnet.ts';

/** Docker's default pools of local networks: a range, and the prefix of the subnets cut from it. */
const pools: readonly { range: string; prefixLength: number }[] = [
  { range: '172.17.0.0/16', prefixLength: 16 },
  { range: '172.18.0.0/16', prefixLength: 16 },
  { range: '172.19.0.0/16', prefixLength: 16 },
  { range: '172.20.0.0/14', prefixLength: 16 },
  { range: '172.24.0.0/14', prefixLength: 16 },
  { range: '172.28.0.0/14', prefixLength: 16 },
  { range: '192.168.0.0/16', prefixLength: 20 },
];

/** The first subnet of the default pools that overlaps none of `taken`. Throws `NoSubnetLeftError`. */
export function chooseSubnet(taken: readonly Subnet[]): Subnet {
  for (const { range, prefixLength } of pools) {
    const whole = parseCidr(range)?.subnet;
    if (whole === undefined) continue;
    const count = 2 ** (prefixLength - whole.prefixLength);
    for (let index = 0; index < count; index++) {
      const candidate = { base: whole.base + index * sizeOf(prefixLength), prefixLength };
      if (!taken.some((subnet) => overlap(subnet, candidate))) return candidate;
    }
  }
  throw new NoSubnetLeftError();
}
