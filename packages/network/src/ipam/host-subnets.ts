import { listRoutes, type NetlinkSocket } from '@gantry/kernel';
import { type Family, parseAddress, type Subnet, subnetOf } from './subnet.ts';

const families: readonly Family[] = [4, 6];

/** What the host has routes to, default routes and link-local addresses aside. */
export function hostSubnets(socket: NetlinkSocket): Subnet[] {
  return families.flatMap((family) =>
    listRoutes(socket, family).flatMap(({ destination }) => {
      const address = destination && parseAddress(destination.address);
      if (address === undefined || !destination?.prefixLength) return [];
      if (/^(?:fe80:|ff)/.test(destination.address)) return [];
      return [subnetOf(address, destination.prefixLength)];
    }),
  );
}
