import type { Container } from '../container.ts';
import type { EventHub } from './event-hub.ts';

/** Tells of each of a container's volumes that it is in use now, or no longer. */
export function publishVolumeEvents(
  events: EventHub,
  container: Container,
  action: 'mount' | 'unmount',
): void {
  for (const mount of container.record.mounts) {
    if (mount.type !== 'volume') continue;
    const { destination, readOnly } = mount;
    const where = { destination, propagation: '', 'read/write': String(!readOnly) };
    events.publish({
      type: 'volume',
      action,
      actorId: mount.volumeName,
      attributes: {
        container: container.id,
        driver: mount.driver ?? 'local',
        ...(action === 'mount' && where),
      },
    });
  }
}

/** Tells that a volume came or went. */
export function publishVolumeEvent(
  events: EventHub,
  { name, driver }: { name: string; driver: string },
  action: 'create' | 'destroy',
): void {
  events.publish({ type: 'volume', action, actorId: name, attributes: { driver } });
}
