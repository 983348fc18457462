import type { Container } from '../container.ts';
import { containerName } from '../create/names/container-name.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { InvalidOptionError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';

/** Throws `InvalidContainerNameError`, `ContainerNameInUseError`, `InvalidOptionError` for the name that it has. */
export async function renameContainer(
  { locks, registry, events }: ContainerEnvironment,
  container: Container,
  newName: string,
): Promise<void> {
  if (newName === '') throw new InvalidOptionError('Neither old nor new names may be empty');
  const name = containerName(newName);
  await locks.run(container.id, () => {
    const oldName = container.name;
    if (oldName === name) {
      throw new InvalidOptionError('Renaming a container with the same name as its current name');
    }
    registry.rename(container, name);
    publishContainerEvent(events, container, 'rename', { oldName: `/${oldName}` });
  });
}
