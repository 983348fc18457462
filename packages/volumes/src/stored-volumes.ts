import type { MetadataStore } from '@gantry/state';
import { dataPath } from './local/volume-directory.ts';
import { migrateVolumeRecord, type VolumeRecord, volumeRecordVersion } from './volume-record.ts';
import type { VolumeInfo } from './volume-store.ts';

/** A volume that nobody has mounted. */
export type StoredVolume = Pick<
  VolumeInfo,
  'name' | 'driver' | 'mountpoint' | 'usedBy' | 'heldBy' | 'options'
>;

/** The volumes of a store that no engine has open, the local ones with their places below `root`. */
export function readStoredVolumes(store: MetadataStore, root: string): StoredVolume[] {
  const options = { version: volumeRecordVersion, migrate: migrateVolumeRecord };
  return store
    .collection<VolumeRecord>('volumes', options)
    .entries()
    .filter(({ document }) => !document.removing)
    .map(({ key: name, document: { driver, usedBy } }) => ({
      name,
      driver,
      mountpoint: dataPath(root, name),
      usedBy,
      heldBy: [],
      options: {},
    }));
}
