import { errorKind } from '@gantry/base';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';

/**
 * Tells that a container was connected to networks or disconnected from them, by their names; of those that are gone nothing
 * is told.
 */
export function publishNetworkEvents(
  { events, ports }: Pick<ContainerEnvironment, 'events' | 'ports'>,
  container: Container,
  action: 'connect' | 'disconnect',
  networks: readonly string[] = Object.keys(container.record.network.endpoints),
): void {
  for (const reference of networks) {
    try {
      const { id, name, driver } = ports.network.network(reference);
      const attributes = { container: container.id, name, type: driver };
      events.publish({ type: 'network', action, actorId: id, attributes });
    } catch (error) {
      if (errorKind(error) !== 'not-found') throw error;
    }
  }
}
