import { errorMessage } from '@gantry/base';
import type { Attachment } from '@gantry/network';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { attachRunning } from './attach-container.ts';
import { endpointRequests } from './endpoint-requests.ts';
import { followAttachment } from './follow-attachment.ts';
import { joinsNetworks } from './network-names.ts';

/**
 * Finishes what an engine had begun when it died: a container that runs joins the networks that its record has and leaves the
 * others. What fails is logged; the container runs on, and its next start tries again.
 */
export async function restoreNetworks(
  environment: ContainerEnvironment,
  container: Container,
): Promise<void> {
  const { ports, registry, logger } = environment;
  const { id, record } = container;
  if (!joinsNetworks(record.network)) return;
  const before = ports.network.attachment(id);
  let now = before;
  const attempt = async (work: () => Promise<Attachment>): Promise<void> => {
    try {
      now = await work();
    } catch (error) {
      logger.warn('a network of a container was not restored', {
        containerId: id,
        error: errorMessage(error),
      });
    }
  };
  if (before === undefined && Object.keys(record.network.endpoints).length > 0) {
    await attempt(() => attachRunning(environment, container));
  }
  const earlier = before?.endpoints ?? [];
  for (const { networkName } of earlier) {
    if (record.network.endpoints[networkName] === undefined) {
      await attempt(() => ports.network.disconnect(id, networkName));
    }
  }
  const joined = new Set(earlier.map(({ networkName }) => networkName));
  for (const request of before === undefined ? [] : endpointRequests(record, registry)) {
    if (!joined.has(request.network)) await attempt(() => ports.network.connect(id, request));
  }
  if (now !== undefined && now !== before) followAttachment(environment, container, { before, now });
}
