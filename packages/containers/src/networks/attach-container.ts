import type { Attachment, AttachRequest } from '@gantry/network';
import type { Container } from '../container.ts';
import { servedPorts } from '../create/options/ports.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { NetworkSetupError } from '../errors.ts';
import { namespaceOf } from '../lifecycle/joined-namespaces.ts';
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
  environment: ContainerEnvironment,
  container: Container,
  namespace?: string,
): Promise<Attachment | undefined> {
  const { record } = container;
  if (!joinsNetworks(record.network)) return undefined;
  checkLinks(container, environment.registry);
  try {
    return await environment.ports.network.attach(attachRequest(environment, container, namespace));
  } catch (error) {
    throw new NetworkSetupError(error);
  }
}

/**
 * Takes a container that runs, and was started without networks, onto those that its record has: in the namespace that it is in.
 * Throws `ContainerStateError` when it has just ended, and what the controller throws.
 */
export async function attachRunning(
  environment: ContainerEnvironment,
  container: Container,
): Promise<Attachment> {
  using namespace = namespaceOf(environment, container, 'net');
  return await environment.ports.network.attach(attachRequest(environment, container, namespace.path));
}

function attachRequest(
  { registry, defaults }: ContainerEnvironment,
  { record }: Container,
  namespace: string | undefined,
): AttachRequest {
  const served = servedPorts(record);
  return {
    containerId: record.id,
    endpoints: endpointRequests(record, registry),
    ports: record.network.ports,
    ...(served.length > 0 && { exposedPorts: served }),
    dns: dnsRequest(record.hostConfig, defaults.dns),
    hostname: containerHostname(record),
    ...(namespace !== undefined && { namespace }),
  };
}
