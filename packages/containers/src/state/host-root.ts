import { type Owner, outsideIds } from '@gantry/kernel';
import type { ContainerRecord } from './container-record.ts';

/** The host's user and group that are root in a container. */
export function hostRoot({ idMaps }: Pick<ContainerRecord, 'idMaps'>): Owner {
  const root = { uid: 0, gid: 0 };
  return idMaps === undefined ? root : outsideIds(idMaps).owner(root);
}
