import { errorMessage } from '@gantry/base';
import type { Attachment, EndpointInfo } from '@gantry/network';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { networkFiles } from '../lifecycle/network-files.ts';
import { editNetworkFile } from './edit-network-file.ts';
import { addressesOf, withLinkedAddress } from './hosts-text.ts';
import { linkVariables } from './link-variables.ts';
import { linkedContainers } from './links.ts';

/** Docker's variables of all links of a container, for its process. */
export function variablesOfLinks({ ports, registry }: ContainerEnvironment, container: Container): string[] {
  return linkedContainers(container, registry).flatMap(({ alias, child }) => {
    const address = onDefaultBridge(ports.network.attachment(child.id))?.ipv4?.address ?? '';
    return linkVariables({
      name: `/${container.name}/${alias}`,
      alias,
      address,
      config: child.record.config,
    });
  });
}

/** Tells the containers that run and are linked to this one where it is now. What fails is logged. */
export function tellLinkedContainers(
  { registry, logger }: ContainerEnvironment,
  container: Container,
  attachment: Attachment | undefined,
): void {
  const endpoint = onDefaultBridge(attachment);
  if (endpoint === undefined) return;
  for (const parent of registry.linkedTo(container.id)) {
    const aliases = Object.entries(parent.record.network.links ?? {}).filter(([, id]) => id === container.id);
    if (parent.run === undefined) continue;
    try {
      editNetworkFile(networkFiles(parent.directory).hosts, (text) =>
        aliases.reduce(
          (edited, [alias]) =>
            addressesOf(endpoint).reduce((each, address) => withLinkedAddress(each, alias, address), edited),
          text,
        ),
      );
    } catch (error) {
      logger.warn('a linked container was not told of an address', {
        containerId: parent.id,
        error: errorMessage(error),
      });
    }
  }
}

function onDefaultBridge(attachment: Attachment | undefined): EndpointInfo | undefined {
  return attachment?.endpoints.find(({ networkName }) => networkName === 'bridge');
}
