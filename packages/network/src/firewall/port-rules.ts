import { type Element, familyDigit } from './table-elements.ts';

/** One published port, and where its packets go. Both addresses are of one family. */
export interface PortRule {
  protocol: 'tcp' | 'udp' | 'sctp';
  /** `0.0.0.0` or `::` for every address of the host; empty on a routed network: the container's port is opened, untranslated. */
  hostAddress: string;
  hostPort: number;
  containerAddress: string;
  containerPort: number;
}

/** The element that a rule is. */
export function portElement(rule: PortRule): Element {
  const { protocol, hostAddress, hostPort, containerAddress, containerPort } = rule;
  const family = familyDigit(containerAddress);
  if (hostAddress === '') {
    return { set: `opened${family}`, key: `${protocol} . ${containerAddress} . ${containerPort}` };
  }
  const value = `${containerAddress} . ${containerPort}`;
  return hostAddress === '0.0.0.0' || hostAddress === '::'
    ? { set: `published${family}`, key: `${protocol} . ${hostPort}`, value }
    : { set: `published${family}_on`, key: `${protocol} . ${hostAddress} . ${hostPort}`, value };
}
