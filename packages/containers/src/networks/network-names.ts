import type { ContainerNetwork } from '../state/container-record.ts';

/** Whether it is a network that users made: the words for the others are Docker's. */
export function isUserDefined(network: string): boolean {
  return !['default', 'bridge', 'host', 'none'].includes(network) && !network.startsWith('container:');
}

/** Whether a run of the container has a namespace that networks can be joined in: not the host's, another's, or none's. */
export function joinsNetworks({ mode, endpoints }: ContainerNetwork): boolean {
  return mode === 'own' && endpoints['none'] === undefined;
}
