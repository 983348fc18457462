import type { Attachment } from '@gantry/network';
import type { Container } from '../container.ts';
import type { EventHub } from './event-hub.ts';

/** Tells that a container was connected to a network or disconnected from it. */
export function publishNetworkEvent(
  events: EventHub,
  container: Container,
  attachment: Attachment,
  action: 'connect' | 'disconnect',
): void {
  events.publish({
    type: 'network',
    action,
    actorId: attachment.networkId,
    attributes: { container: container.id, name: attachment.networkName, type: 'bridge' },
  });
}
