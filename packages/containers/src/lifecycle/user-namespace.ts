import { createUserNamespace, isSameIdMaps, joinUserNamespace, type UserNamespace } from '@gantry/kernel';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ForeignUsersError } from '../errors.ts';
import { joinsNetworks } from '../networks/network-names.ts';
import { isActive } from '../state/container-state.ts';
import { peersOf } from './joined-namespaces.ts';

/**
 * The user namespace of a container's next run; undefined when it has the host's users. Whoever joins another container's
 * namespaces is in its user namespace too, to which they belong. The caller disposes it when the container runs. Throws
 * `ForeignUsersError` when that one has other users.
 */
export async function openUserNamespace(
  environment: ContainerEnvironment,
  container: Container,
): Promise<UserNamespace | undefined> {
  const { idMaps, network } = container.record;
  if (idMaps === undefined) return undefined;
  // One that does not run is told of by whoever joins it.
  const peers = peersOf(environment, container).filter(({ state }) => isActive(state));
  const foreign = peers.find(({ record }) => !isSameIdMaps(record.idMaps, idMaps));
  if (foreign !== undefined) throw new ForeignUsersError(container.id, foreign.id);
  const [peer] = peers;
  const own = { network: joinsNetworks(network) };
  if (peer?.run === undefined) return await createUserNamespace(idMaps, own);
  return await joinUserNamespace(peer.run.process.pid, idMaps, own);
}
