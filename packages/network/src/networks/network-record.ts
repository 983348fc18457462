import type { IpamConfig, NetworkCreateRequest } from '../network-controller.ts';

/** A network as it is stored: what was asked for, with all that was chosen filled in. */
export interface NetworkRecord extends NetworkCreateRequest {
  id: string;
  createdAt: string;
  /** Networks are listed in this order; of the predefined ones it is 0. */
  order: number;
  ipv6: boolean;
  ipam: { driver: string; options: Readonly<Record<string, string>>; config: readonly NetworkSubnet[] };
  /** What the driver wrote down at creation, for itself. */
  driverState: Readonly<Record<string, string>>;
  /** Its removal has begun, and the next engine ends it. */
  removing?: true;
}

export interface NetworkSubnet extends IpamConfig {
  subnet: string;
  /** It came from the default pools: nobody may name an address in it. */
  chosen?: true;
}

export type PredefinedName = 'bridge' | 'host' | 'none';

export const predefinedNames: readonly PredefinedName[] = ['bridge', 'host', 'none'];

export function isPredefined(name: string): name is PredefinedName {
  return predefinedNames.some((predefined) => predefined === name);
}
