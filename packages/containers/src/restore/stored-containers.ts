import { errorMessage } from '@gantry/base';
import type { MetadataStore } from '@gantry/state';
import { type ContainerRecord, containerRecordVersion } from '../state/container-record.ts';
import { migrateRecord } from '../state/migrate-record.ts';
import { checkRecord } from './check-record.ts';
import type { DamagedContainer } from './restore-containers.ts';

/** A container as it is stored, with what others keep of it. */
export interface StoredContainer {
  id: string;
  volumes: readonly string[];
  /** The next start-up pass finishes its removal, or may: what it has may be gone already. */
  goes: boolean;
  /** Where its cgroups are made, when it asked for a place. */
  cgroupParent: string;
}

/** The containers of a store that no engine has open, and the records that cannot be read. */
export function readStoredContainers(store: MetadataStore): {
  containers: StoredContainer[];
  damaged: DamagedContainer[];
} {
  const containers: StoredContainer[] = [];
  const damaged: DamagedContainer[] = [];
  const options = { version: containerRecordVersion, migrate: migrateRecord };
  for (const { key, document } of store.collection<ContainerRecord>('containers', options).entries()) {
    try {
      const { id, mounts, hostConfig, state } = checkRecord(key, document);
      const removing = state.status === 'removing' || state.status === 'dead';
      const volumes = mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.volumeName] : []));
      containers.push({
        id,
        volumes,
        goes: removing || hostConfig.AutoRemove === true,
        cgroupParent: hostConfig.CgroupParent ?? '',
      });
    } catch (error) {
      damaged.push({ id: key, fact: errorMessage(error) });
    }
  }
  return { containers, damaged };
}
