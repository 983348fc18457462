import type { Attachment } from '@gantry/network';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';

/**
 * Tells that a container was connected to a network or disconnected from it: to those of `attachment`, or to `host` or
 * `none`. One that is in another container's network is on none of its own.
 */
export function publishNetworkEvent(
  { events, ports }: Pick<ContainerEnvironment, 'events' | 'ports'>,
  container: Container,
  action: 'connect' | 'disconnect',
  attachment: Attachment | undefined,
): void {
  const { mode } = container.record.network;
  if (attachment !== undefined) {
    for (const { networkId, networkName } of attachment.endpoints) {
      const attributes = { container: container.id, name: networkName, type: 'bridge' };
      events.publish({ type: 'network', action, actorId: networkId, attributes });
    }
  } else if (mode === 'host' || mode === 'none') {
    const network = ports.network.networks().find(({ name }) => name === mode);
    if (network === undefined) return;
    const attributes = { container: container.id, name: network.name, type: network.driver };
    events.publish({ type: 'network', action, actorId: network.id, attributes });
  }
}
