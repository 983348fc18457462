/** What one container may know of its neighbours. Answers at once, from memory. */
export interface NameSource {
  /**
   * The addresses of a name, which is in lower case and without its last dot. `known` with no address of a family (or
   * none at all): the name is ours, and nobody else is to be asked for it.
   */
  addresses(name: string): NamedAddresses;
  /**
   * What the containers of a name serve, for SRV (RFC 2782): `_5432._tcp.db` is one port, `db` alone all that are exposed.
   * Undefined when the name is none of ours.
   */
  services(name: string): readonly NamedService[] | undefined;
  /** The name of an address, qualified by its network (`web.front`); undefined when it is none of theirs. */
  reverse(address: string): string | undefined;
}

/** One port, and the name of the container that has it. */
export interface NamedService {
  target: string;
  port: number;
}

export interface NamedAddresses {
  known: boolean;
  ipv4: readonly string[];
  ipv6: readonly string[];
}
