import { AddressInUseError, NoAddressLeftError } from '../errors.ts';
import type { IpamConfig } from '../network-controller.ts';
import { AddressPool } from './address-pool.ts';
import { contains, type Family, formatAddress, parseAddress, type Subnet, subnetFrom } from './subnet.ts';

/** An address that an endpoint got, with what its subnet says. */
export interface GivenAddress {
  address: string;
  prefixLength: number;
  /** Where the subnet's packets to elsewhere go. */
  gateway?: string;
}

/** Whose interface may still answer for an address that was given back, and how to make it go. */
export interface Lingering {
  isThere(interfaceName: string): boolean;
  remove(interfaceName: string): void;
}

interface SubnetAddresses {
  pool: AddressPool;
  gateway: string | undefined;
}

/** How many addresses of dropped namespaces are looked at before one that nobody had lately is taken. */
const lingeringProbes = 16;
/** Docker's names of auxiliary addresses that are the containers' gateway in the place of the network's. */
const gatewayNames: Readonly<Record<Family, string>> = { 4: 'DefaultGatewayIPv4', 6: 'DefaultGatewayIPv6' };

/** The addresses of one network. In memory only: whoever takes one writes it down before using it. */
export class NetworkAddresses {
  readonly #network: { id: string; name: string };
  readonly #subnets: Readonly<Record<Family, SubnetAddresses[]>> = { 4: [], 6: [] };
  readonly #lingering: Lingering;
  /** Addresses given back → the interface that had them, which the kernel may still be taking apart. */
  readonly #freed = new Map<string, string>();

  constructor(
    network: { id: string; name: string; ipam: { config: readonly IpamConfig[] } },
    lingering: Lingering,
  ) {
    this.#network = network;
    this.#lingering = lingering;
    for (const config of network.ipam.config) {
      const subnet = subnetFrom(config.subnet ?? '');
      const auxiliary = config.auxAddresses ?? {};
      const reserved = [config.gateway, ...Object.values(auxiliary)].flatMap((text) => {
        const address = text === undefined ? undefined : parseAddress(text);
        return address === undefined ? [] : [address.value];
      });
      const range = config.ipRange === undefined ? subnet : subnetFrom(config.ipRange);
      const gateway = auxiliary[gatewayNames[subnet.family]] ?? config.gateway;
      this.#subnets[subnet.family].push({ pool: new AddressPool(subnet, { reserved, range }), gateway });
    }
  }

  /** Whether endpoints get addresses of this family. */
  has(family: Family): boolean {
    return this.#subnets[family].length > 0;
  }

  /** Takes `wish`, or any address. Throws `AddressInUseError`, `NoAddressLeftError`. */
  take(family: Family, wish?: string): GivenAddress {
    const given = wish === undefined ? this.#takeAny(family) : this.#takeThat(family, wish);
    const former = this.#freed.get(given.address);
    if (former !== undefined) this.#lingering.remove(former);
    this.#freed.delete(given.address);
    return given;
  }

  /** Marks a stored address as used. */
  hold(text: string): void {
    const address = parseAddress(text);
    if (address === undefined) return;
    for (const { pool } of this.#subnets[address.family]) pool.hold(address.value);
  }

  /** Gives an address back that `interfaceName` of the host had until now. */
  release(text: string, interfaceName: string): void {
    const address = parseAddress(text);
    if (address === undefined) return;
    this.#freed.set(text, interfaceName);
    for (const { pool } of this.#subnets[address.family]) {
      if (contains(pool.subnet, address)) pool.release(address.value);
    }
  }

  #takeThat(family: Family, wish: string): GivenAddress {
    const address = parseAddress(wish);
    const found = address && this.#subnets[family].find(({ pool }) => contains(pool.subnet, address));
    if (address === undefined || found === undefined || !found.pool.hold(address.value)) {
      throw new AddressInUseError(wish);
    }
    return givenOf(found, address.value);
  }

  /**
   * An interface goes a moment after its namespace, and until then it answers for its address: such an address is
   * passed over while there are others.
   */
  #takeAny(family: Family): GivenAddress {
    let probes = 0;
    const isSettled = (subnet: Subnet) => (value: bigint) => {
      const text = formatAddress({ family: subnet.family, value });
      const former = this.#freed.get(text);
      if (former === undefined) return true;
      probes += 1;
      if (probes > lingeringProbes || this.#lingering.isThere(former)) return false;
      this.#freed.delete(text);
      return true;
    };
    for (const found of this.#subnets[family]) {
      const value = found.pool.take(isSettled(found.pool.subnet)) ?? found.pool.take();
      if (value !== undefined) return givenOf(found, value);
    }
    throw new NoAddressLeftError(this.#network, family);
  }
}

function givenOf({ pool, gateway }: SubnetAddresses, value: bigint): GivenAddress {
  const { family, prefixLength } = pool.subnet;
  const address = formatAddress({ family, value });
  return { address, prefixLength, ...(gateway === undefined ? {} : { gateway }) };
}
