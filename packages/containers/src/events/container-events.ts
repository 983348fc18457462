import type { Container } from '../container.ts';
import type { EventHub } from './event-hub.ts';

/** Tells that something happened to a container; Docker's attributes are its labels, image and name, and `extra`. */
export function publishContainerEvent(
  events: EventHub,
  container: Container,
  action: string,
  extra: Readonly<Record<string, string>> = {},
): void {
  const { config, image, name } = container.record;
  events.publish({
    type: 'container',
    action,
    actorId: container.id,
    attributes: { ...config.Labels, image: image.reference, name, ...extra },
  });
}
