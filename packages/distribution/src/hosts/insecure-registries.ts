import { BlockList, isIP, isIPv6 } from 'node:net';

/** Docker's: what listens on the loopback is spoken to without TLS where it has none. */
const loopback = ['127.0.0.0/8', '::1/128'];

/** Registries without TLS, or with a certificate that nobody vouches for: `host[:port]` or `10.0.0.0/8`. */
export class InsecureRegistries {
  readonly #names: ReadonlySet<string>;
  readonly #ranges = new BlockList();

  /** Throws `Error` for a range that is none. */
  constructor(entries: readonly string[]) {
    this.#names = new Set(entries);
    for (const range of [...loopback, ...entries.filter((entry) => entry.includes('/'))]) {
      const [address = '', prefix] = range.split('/');
      this.#ranges.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4');
    }
  }

  /** `registry` is a host with or without a port. `localhost` counts as the loopback. */
  has(registry: string): boolean {
    if (this.#names.has(registry)) return true;
    const host = hostOf(registry);
    if (host === 'localhost') return true;
    const family = isIP(host);
    return family !== 0 && this.#ranges.check(host, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** `::1` of `[::1]:5000`. */
function hostOf(registry: string): string {
  return /^\[([^\]]*)\]/.exec(registry)?.[1] ?? registry.replace(/:\d+$/, '');
}
