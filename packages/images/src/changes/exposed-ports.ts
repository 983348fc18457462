import { isIP } from 'node:net';
import { InvalidChangeError } from '../errors.ts';

/** What an EXPOSE word says; the two flags are what Docker's checks warn of. */
export interface ExposedPorts {
  /** `port/protocol`, the protocol in lower case. */
  readonly ports: readonly string[];
  readonly hasUpperCaseProtocol: boolean;
  /** It names an address or a port of the host, which says nothing here. */
  readonly namesHost: boolean;
}

/** Reads `[[address:]hostPorts:]ports[/protocol]`, where ports may be a range. Throws `InvalidChangeError` in Docker's words. */
export function readExposedPorts(text: string): ExposedPorts {
  const parts = text.split(':');
  const [range = '', protocol = 'tcp'] = (parts.pop() ?? '').split('/', 2);
  const hostRange = parts.pop() ?? '';
  const address = parts.join(':').replace(/^\[(.*)\]$/, '$1');
  const problem = (reason: string) => new InvalidChangeError(reason, text);
  if (range === '') throw problem(`invalid port: ${JSON.stringify(text)}: no port specified`);
  const lower = protocol.toLowerCase();
  if (!['tcp', 'udp', 'sctp'].includes(lower))
    throw problem(`invalid port: ${JSON.stringify(text)}: invalid proto: ${protocol}`);
  if (address !== '' && isIP(address) === 0) throw problem(`invalid IP address: ${address}`);
  const bounds = readRange(range);
  if (bounds === undefined) throw problem(`invalid containerPort: ${range}`);
  if (hostRange !== '' && readRange(hostRange) === undefined) throw problem(`invalid hostPort: ${hostRange}`);
  const count = bounds.last - bounds.first + 1;
  return {
    ports: Array.from({ length: count }, (_, at) => `${bounds.first + at}/${lower}`),
    hasUpperCaseProtocol: protocol !== lower,
    namesHost: address !== '' || hostRange !== '',
  };
}

function readRange(text: string): { first: number; last: number } | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const bounds = { first: Number(first), last: Number(last) };
  const isRange = bounds.first <= bounds.last && bounds.last <= 65_535;
  return isRange ? bounds : undefined;
}
