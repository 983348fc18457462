import { type Element, familyDigit } from './table-elements.ts';

/** One published port, and where its packets go. Both addresses are of one family. */
export interface PortRule {
  protocol: 'tcp' | 'udp' | 'sctp';
  /** `0.0.0.0` or `::` for every address of the host; empty on a routed network: the container's port is opened, untranslated. */
  hostAddress: string;
  hostPort: number;
  containerAddress: string;
  containerPort: number;
  /** Of a neighbour that alone reaches the port, untranslated. IPv4. */
  source?: string;
}

/**
 * Who decides whether a published port is reached: `open`, nobody but our own rules, as with Docker; `host`, the rules
 * that the host has for its own input, whoever wrote them.
 */
export type PublishPolicy = 'open' | 'host';

export interface PortOpenness {
  policy: PublishPolicy;
  /** The port is reached by the container's address too, unless it is published for the host alone. */
  directRouting: boolean;
}

/** The elements that a rule is. */
export function portElements(rule: PortRule, { policy, directRouting }: PortOpenness): Element[] {
  const { protocol, hostAddress, hostPort, containerAddress, containerPort } = rule;
  const element = portElement(rule);
  if (hostAddress === '') return [element];
  if (policy === 'open') {
    if (!directRouting || isLoopback(hostAddress)) return [element];
    const key = `${protocol} . ${containerAddress} . ${containerPort}`;
    return [element, { set: `direct${familyDigit(containerAddress)}`, key }];
  }
  const family = familyDigit(containerAddress);
  const isEvery = hostAddress === '0.0.0.0' || hostAddress === '::';
  const awaited: Element = isEvery
    ? { set: `awaited${family}`, key: `${protocol} . ${hostPort}` }
    : { set: `awaited${family}_on`, key: `${protocol} . ${hostAddress} . ${hostPort}` };
  return [element, awaited];
}

function portElement(rule: PortRule): Element {
  const { protocol, hostAddress, hostPort, containerAddress, containerPort, source } = rule;
  if (source !== undefined) {
    return { set: 'linked4', key: `${source} . ${containerAddress} . ${protocol} . ${containerPort}` };
  }
  const family = familyDigit(containerAddress);
  if (hostAddress === '') {
    return { set: `opened${family}`, key: `${protocol} . ${containerAddress} . ${containerPort}` };
  }
  const value = `${containerAddress} . ${containerPort}`;
  return hostAddress === '0.0.0.0' || hostAddress === '::'
    ? { set: `published${family}`, key: `${protocol} . ${hostPort}`, value }
    : { set: `published${family}_on`, key: `${protocol} . ${hostAddress} . ${hostPort}`, value };
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
