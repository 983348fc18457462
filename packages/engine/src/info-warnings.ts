import { cgroupWarnings } from './cgroup-info.ts';
import type { EngineFacts } from './engine-facts.ts';

const attackSurface = [
  '         Access to the remote API is equivalent to root access on the host. Refer',
  "         to the 'Docker daemon attack surface' section in the documentation for",
  '         more information: https://docs.docker.com/go/attack-surface/',
].join('\n');

type WarningFacts = Pick<EngineFacts, 'openTcpAddresses' | 'cgroupSupport' | 'ipv4Forwarding'>;

/** What `docker info` warns of: an API that anybody may use, and what this machine's kernel lacks. The words are Docker's. */
export function infoWarnings({ openTcpAddresses, cgroupSupport, ipv4Forwarding }: WarningFacts): string[] {
  return [
    ...openTcpAddresses.map(
      (address) => `WARNING: API is accessible on http://${address} without encryption.\n${attackSurface}`,
    ),
    ...cgroupWarnings(cgroupSupport),
    ...(ipv4Forwarding() ? [] : ['WARNING: IPv4 forwarding is disabled']),
  ];
}
