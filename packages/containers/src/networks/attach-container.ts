import type { Attachment } from '@gantry/network';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { NetworkSetupError } from '../errors.ts';
import { containerHostname } from '../lifecycle/network-files.ts';
import { dnsRequest } from './dns-request.ts';
import { endpointRequests } from './endpoint-requests.ts';
import { checkLinks } from './links.ts';
import { joinsNetworks } from './network-names.ts';

/**
 * Takes a container that is started onto its networks; undefined where its namespace is the host's, another's, or joins none.
 * `namespace` is the path of a network namespace that it has already. Throws `LinkError`, and `NetworkSetupError` for what the controller throws.
 */
export async function attachContainer(
  { ports, registry, defaults }: ContainerEnvironment,
  container: Container,
  namespace?: string,
): Promise<Attachment | undefined> {
  const { record } = container;
  if (!joinsNetworks(record.network)) return undefined;
  checkLinks(container, registry);
  try {
    return await ports.network.attach({
      containerId: record.id,
      endpoints: endpointRequests(record, registry),
      ports: record.network.ports,
      dns: dnsRequest(record.hostConfig, defaults.dns),
      hostname: containerHostname(record),
      ...(namespace !== undefined && { namespace }),
    });
  } catch (error) {
    throw new NetworkSetupError(error);
  }
}
