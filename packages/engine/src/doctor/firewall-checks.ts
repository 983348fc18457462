import { errorMessage } from '@gantry/base';
import { examineHostFirewall, type HostFirewall } from '@gantry/network';
import type { Finding, HealthCheck } from './doctor.ts';

/** What the host's own firewall does with packets of containers, and what it is not asked about. */
export function firewallChecks(examine: () => Promise<HostFirewall> = examineHostFirewall): HealthCheck[] {
  let facts: Promise<HostFirewall> | undefined;
  const check = (name: string, finding: (facts: HostFirewall) => Finding): HealthCheck => ({
    name,
    examine: async () => {
      facts ??= examine();
      try {
        return finding(await facts);
      } catch (error) {
        return { state: 'warn', message: `the host's rules cannot be read: ${errorMessage(error)}` };
      }
    },
  });
  return [
    check('forwarding', forwardingFinding),
    check('published ports', publishedFinding),
    check('bridge filter', bridgeFinding),
  ];
}

function forwardingFinding({ forwardBlockers }: HostFirewall): Finding {
  if (forwardBlockers.length === 0) return { state: 'ok', message: 'no other firewall drops it' };
  const chains = forwardBlockers.join(', ');
  return {
    state: 'ok',
    message: `dropped by ${chains}, where gantryd puts accepts for its bridges while it has containers`,
  };
}

function publishedFinding({ inputFirewalls, strictIpv6 }: HostFirewall): Finding {
  const names = inputFirewalls.join(' and ');
  if (names === '') return { state: 'ok', message: 'neither ufw nor firewalld is active' };
  const filter = strictIpv6 ? '; for IPv6 that needs IPv6_rpfilter=no in firewalld.conf' : '';
  return {
    state: 'warn',
    message: `open to everybody whatever ${names} says, unless "publish-policy" is "host"${filter}`,
  };
}

function bridgeFinding({ bridgesFiltered }: HostFirewall): Finding {
  return {
    state: 'ok',
    message: bridgesFiltered
      ? 'br_netfilter is on: containers of one network meet the host’s rules too'
      : 'br_netfilter is off: containers of one network meet no rules of the host',
  };
}
