/** What one container may know of its neighbours. Answers at once, from memory. */
export interface NameSource {
  /**
   * The addresses of a name, which is in lower case and without its last dot. `known` with no address of a family (or
   * none at all): the name is ours, and nobody else is to be asked for it.
   */
  addresses(name: string): NamedAddresses;
  /** The name of an address, qualified by its network (`web.front`); undefined when it is none of theirs. */
  reverse(address: string): string | undefined;
}

export interface NamedAddresses {
  known: boolean;
  ipv4: readonly string[];
  ipv6: readonly string[];
}
