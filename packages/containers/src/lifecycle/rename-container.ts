import { EngineError } from '@gantry/base';
import type { Container } from '../container.ts';
import { containerName } from '../create/names/container-name.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { InvalidOptionError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { namesOn } from '../networks/endpoint-requests.ts';

/** Throws `InvalidContainerNameError`, `ContainerNameInUseError`, `InvalidOptionError` for the name that it has. */
export async function renameContainer(
  { locks, registry, events, ports }: ContainerEnvironment,
  container: Container,
  newName: string,
): Promise<void> {
  if (newName === '') throw new InvalidOptionError('Neither old nor new names may be empty');
  const name = namedAnew(() => containerName(newName));
  await locks.run(container.id, () => {
    const oldName = container.name;
    if (oldName === name) {
      throw new InvalidOptionError('Renaming a container with the same name as its current name');
    }
    namedAnew(() => registry.rename(container, name));
    const { record } = container;
    ports.network.rename(container.id, (networkId) => {
      const network = ports.network.network(networkId).name;
      return namesOn(network, record.network.endpoints[network]?.Aliases ?? [], record);
    });
    publishContainerEvent(events, container, 'rename', { oldName: `/${oldName}` });
  });
}

/** A name that cannot be, or is taken, is told as Docker tells it of a container that there is. */
function namedAnew<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { kind, code, message, details } = error;
    throw new EngineError(kind, code, `Error when allocating new name: ${message}`, {
      details,
      cause: error,
    });
  }
}
