import {
  createNatTable,
  forgetFlows,
  isErrno,
  type NatRule,
  type NatTable,
  NetlinkSocket,
  removeNatTable,
  replaceNatTable,
} from '@gantry/kernel';
import { dnsPort } from './upstream/upstream-server.ts';

/** Where a container asks for names: Docker's address, which images and tests know. */
export const resolverAddress = '127.0.0.11';

const table = 'gantry_dns';
/** nft's `dstnat` is refused at the output hook by nft 1.0.6, and means -100; `srcnat` is 100. */
const priorities = { output: -100, postrouting: 100 } as const;

/**
 * In the network namespace of this thread, sends what is for port 53 of the resolver's address to `ports` on it, and
 * gives answers the port that was asked. A container's own server can therefore have port 53, also on all addresses. In
 * the place of an earlier engine's rules, whose flows are forgotten: their clients would go on asking its ports. Throws a
 * `KernelError`.
 */
export function redirectQuestions(ports: { udp: number; tcp: number }): void {
  using socket = NetlinkSocket.open('netfilter');
  try {
    createNatTable(socket, tableTo(ports));
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    replaceNatTable(socket, tableTo(ports));
    forgetFlows(socket, { family: 'ipv4', protocol: 'udp', originalPort: dnsPort });
  }
}

/** Takes the rules of `redirectQuestions` out of the network namespace of this thread. Idempotent. Throws a `KernelError`. */
export function stopRedirecting(): void {
  using socket = NetlinkSocket.open('netfilter');
  removeNatTable(socket, table);
}

function tableTo(ports: { udp: number; tcp: number }): NatTable {
  const asked = { address: resolverAddress, port: dnsPort };
  const rules = (translate: NatRule['translate']): NatRule[] =>
    (['udp', 'tcp'] as const).map((protocol) => {
      const served = { address: resolverAddress, port: ports[protocol] };
      return translate === 'destination'
        ? { translate, protocol, from: asked, to: served }
        : { translate, protocol, from: served, to: asked };
    });
  return {
    name: table,
    chains: [
      { name: 'output', hook: 'output', priority: priorities.output, rules: rules('destination') },
      // Answers follow their flow back; these are for one whose flow the kernel has forgotten meanwhile.
      { name: 'postrouting', hook: 'postrouting', priority: priorities.postrouting, rules: rules('source') },
    ],
  };
}
