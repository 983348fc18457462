import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** How a client reached the registry. */
export interface ClientConnection {
  /** Empty over a unix socket. */
  remoteAddress: string;
  isEncrypted: boolean;
  /** As the client named the registry. */
  host: string | undefined;
}

/** Proxies whose `X-Forwarded-For`, `-Proto` and `-Host` are believed; of everybody else they are nothing. */
export class TrustedProxies {
  readonly #addresses = new BlockList();
  readonly #trustsUnix: boolean;

  /** Addresses, ranges (`10.0.0.0/8`), and `unix` for whoever comes over a unix socket. Throws a `TypeError` that names what is none. */
  constructor(texts: readonly string[]) {
    this.#trustsUnix = texts.includes('unix');
    for (const text of texts.filter((known) => known !== 'unix')) this.#add(text);
  }

  /** `connection` as the socket has it; where a trusted proxy is at its other end, as that says. */
  clientOf(connection: ClientConnection, headers: IncomingHttpHeaders): ClientConnection {
    if (!this.#trusts(connection.remoteAddress)) return connection;
    const protocol = last(headers['x-forwarded-proto']);
    return {
      remoteAddress: this.#firstStranger(listOf(headers['x-forwarded-for'])) ?? connection.remoteAddress,
      isEncrypted: protocol === undefined ? connection.isEncrypted : protocol.toLowerCase() === 'https',
      host: last(headers['x-forwarded-host']) ?? connection.host,
    };
  }

  /** Each proxy adds whom it saw: from the end, the first that is no proxy of ours. What stands before it anybody may have written. */
  #firstStranger(addresses: readonly string[]): string | undefined {
    let client: string | undefined;
    for (const address of addresses.toReversed()) {
      if (isIP(address) === 0) break;
      client = address;
      if (!this.#trusts(address)) break;
    }
    return client;
  }

  #trusts(address: string): boolean {
    if (address === '') return this.#trustsUnix;
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    return this.#addresses.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  }

  #add(text: string): void {
    const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const family = isIP(address);
    const bits = family === 6 ? 128 : 32;
    if (family === 0 || Number(prefix ?? bits) > bits) {
      throw new TypeError(`"${text}" is neither an address, a range such as 10.0.0.0/8, nor "unix"`);
    }
    this.#addresses.addSubnet(address, Number(prefix ?? bits), family === 6 ? 'ipv6' : 'ipv4');
  }
}

function last(header: string | string[] | undefined): string | undefined {
  return listOf(header).at(-1);
}

function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
