import { errorMessage } from '@gantry/base';
import type { Attachment } from '@gantry/network';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { networkFiles, resolvConfText } from '../lifecycle/network-files.ts';
import { editNetworkFile } from './edit-network-file.ts';
import { withEndpoint, withoutEndpoint } from './hosts-text.ts';

export interface AttachmentChange {
  /** Undefined of a container that had no networks. */
  before: Attachment | undefined;
  now: Attachment;
}

/**
 * Brings the files of a container that runs after its networks: its own names in hosts, and the resolver in resolv.conf unless
 * that was changed inside. The container is connected all the same when it cannot be done: that is logged.
 */
export function followAttachment(
  environment: ContainerEnvironment,
  { id, record, directory }: Container,
  { before, now }: AttachmentChange,
): void {
  const files = networkFiles(directory);
  const earlier = before?.endpoints ?? [];
  const known = new Set(earlier.map(({ endpointId }) => endpointId));
  const kept = new Set(now.endpoints.map(({ endpointId }) => endpointId));
  const texts = [before, now].map((attachment) => resolvConfText(environment, record, attachment));
  try {
    editNetworkFile(files.hosts, (text) => {
      const left = earlier.filter(({ endpointId }) => !kept.has(endpointId));
      const joined = now.endpoints.filter(({ endpointId }) => !known.has(endpointId));
      const without = left.reduce((rest, endpoint) => withoutEndpoint(rest, endpoint), text);
      return joined.reduce((all, endpoint) => withEndpoint(all, record, endpoint), without);
    });
    editNetworkFile(files.resolvConf, (text) => (text === texts[0] ? (texts[1] ?? text) : text));
  } catch (error) {
    environment.logger.warn('the files of a container do not tell its networks', {
      containerId: id,
      error: errorMessage(error),
    });
  }
}
