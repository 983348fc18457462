import { errorMessage } from '@gantry/base';
import { moveLink } from '@gantry/kernel';
import type { Attachment } from '@gantry/network';
import type { ContainerEdits } from '@gantry/runtime';
import { NetworkDeviceError } from '../errors.ts';

/**
 * Gives a container that is started the interfaces of the host that its devices ask for; they come back with its network
 * namespace. Throws `NetworkDeviceError`.
 */
export function moveNetworkDevices(
  edits: ContainerEdits | undefined,
  attachment: Attachment | undefined,
): void {
  for (const { hostInterfaceName: name, name: newName } of edits?.netDevices ?? []) {
    if (attachment === undefined) {
      throw new NetworkDeviceError(name, 'the container has no network of its own to take it into');
    }
    if (!moved(name, newName, attachment.namespacePath))
      throw new NetworkDeviceError(name, 'no such interface');
  }
}

function moved(name: string, newName: string, namespacePath: string): boolean {
  try {
    return moveLink({ name, newName, namespacePath });
  } catch (error) {
    throw new NetworkDeviceError(name, errorMessage(error), error);
  }
}
