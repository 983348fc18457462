import { errorMessage } from '@gantry/base';
import type { Attachment } from '@gantry/network';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { endpointRequests } from './endpoint-requests.ts';
import { followAttachment } from './follow-attachment.ts';

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
  const before = ports.network.attachment(id);
  if (before === undefined) return;
  let now: Attachment = before;
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
  for (const { networkName } of before.endpoints) {
    if (record.network.endpoints[networkName] === undefined) {
      await attempt(() => ports.network.disconnect(id, networkName));
    }
  }
  const joined = new Set(before.endpoints.map(({ networkName }) => networkName));
  for (const request of endpointRequests(record, registry)) {
    if (!joined.has(request.network)) await attempt(() => ports.network.connect(id, request));
  }
  if (now !== before) followAttachment(environment, container, { before, now });
}
