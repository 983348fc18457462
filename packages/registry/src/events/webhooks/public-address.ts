import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** What is not the public internet: this host, private and link-local networks, clouds' metadata, documentation, multicast. */
const notPublic: BlockList = /* @__PURE__ */ makeList();

function makeList(): BlockList {
  const list = new BlockList();
  const ipv4 =
    '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3';
  const ipv6 =
    '::/127 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 ff00::/8';
  for (const [networks, family] of [
    [ipv4, 'ipv4'],
    [ipv6, 'ipv6'],
  ] as const) {
    for (const network of networks.split(' ')) {
      const [address = '', length = ''] = network.split('/');
      list.addSubnet(address, Number(length), family);
    }
  }
  return list;
}

/** Whether an address is of the public internet. An IPv4 address within IPv6 is judged as the IPv4 address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return !notPublic.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * `dns.lookup` for a request that must not reach private networks: what a name means is looked at where the connection is made,
 * so that a name that changes its mind gains nothing. It is not asked for addresses: check those with `isPublicAddress`.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) return callback(error, '', 0);
    const allowed = found.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (first === undefined) {
      return callback(new Error(`${hostname} is not an address of the public internet`), '', 0);
    }
    if (options.all === true) return callback(null, allowed);
    callback(null, first.address, first.family);
  });
};
