import { listChains, NetlinkSocket } from '@gantry/kernel';
import { areBridgesFiltered } from '../drivers/bridge/bridges-filtered.ts';
import { findBlockingChains } from './foreign-chains.ts';
import { blocksForwarding, legacyRules } from './legacy-forwarding.ts';
import { nftProgram } from './nft.ts';

/** What the rules of the host, whoever wrote them, would do with containers' packets. */
export interface HostFirewall {
  /** Chains that drop forwarded packets which they do not know: `ip filter FORWARD`. gantryd puts accepts for its bridges there. */
  forwardBlockers: readonly string[];
  /** Known programs that decide who reaches ports of the host. */
  inputFirewalls: readonly ('ufw' | 'firewalld')[];
  /** firewalld's `IPv6_rpfilter` drops packets by their source, those that `publish-policy: host` hands back among them. */
  strictIpv6: boolean;
  /** Frames between containers of one bridge pass the host's rules (`br_netfilter`). */
  bridgesFiltered: boolean;
}

/** Looks, and changes nothing. Throws a `KernelError` where the kernel has no nftables, `FirewallError` where nft cannot be asked. */
export async function examineHostFirewall(): Promise<HostFirewall> {
  using socket = NetlinkSocket.open('netfilter');
  const blocking = findBlockingChains(socket, '');
  const chains = listChains(socket);
  const legacy = await legacyRules();
  const hasUfw =
    chains.some(({ name }) => /^ufw6?-/.test(name)) ||
    legacy.some(({ rules }) => rules.some((rule) => /^-N ufw6?-/.test(rule)));
  const hasFirewalld = chains.some(({ table }) => table === 'firewalld');
  const shown = hasFirewalld ? await nftProgram('firewalld').show('table', 'inet', 'firewalld') : '';
  return {
    forwardBlockers: [
      ...blocking.map(({ family, table, name }) => `${family} ${table} ${name}`),
      ...legacy.filter(({ rules }) => blocksForwarding(rules)).map(({ program }) => `${program} FORWARD`),
    ],
    inputFirewalls: [...(hasUfw ? ['ufw' as const] : []), ...(hasFirewalld ? ['firewalld' as const] : [])],
    strictIpv6: /ipv6 .*fib saddr .* oif (?:missing|0) drop/.test(shown),
    bridgesFiltered: areBridgesFiltered(),
  };
}
