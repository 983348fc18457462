export {
  InvalidVolumeNameError,
  VolumeInUseError,
  VolumeNameTakenError,
  VolumeNotFoundError,
  VolumeOperationError,
} from './errors.ts';
export { openVolumeStore, type VolumeStoreOptions } from './open-volume-store.ts';
export { readStoredVolumes, type StoredVolume } from './stored-volumes.ts';
export type { VolumeScope } from './volume-driver.ts';
export type { VolumeCreation, VolumeDetails, VolumeInfo, VolumeStore } from './volume-store.ts';
