import { errorMessage } from '@gantry/base';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerNotFoundError } from '../errors.ts';
import { networkFiles } from '../lifecycle/network-files.ts';
import { editNetworkFile } from './edit-network-file.ts';
import { withoutName } from './hosts-text.ts';

/**
 * Takes the link `alias` from a container on the default bridge, durably, and out of its hosts when it runs. Throws
 * `ContainerNotFoundError` where there is no such link, as Docker does: a link has a name like a container's.
 */
export async function removeLink(
  { locks, registry, logger }: ContainerEnvironment,
  container: Container,
  alias: string,
): Promise<void> {
  await locks.run(container.id, () => {
    const { network } = container.record;
    const { [alias]: linked, ...links } = network.links ?? {};
    if (linked === undefined) throw new ContainerNotFoundError(`${container.name}/${alias}`);
    registry.update(container, { network: { ...network, links } });
    if (container.run === undefined) return;
    try {
      editNetworkFile(networkFiles(container.directory).hosts, (text) => withoutName(text, alias));
    } catch (error) {
      logger.warn('a removed link is still in the hosts of its container', {
        containerId: container.id,
        error: errorMessage(error),
      });
    }
  });
}
