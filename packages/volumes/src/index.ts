export { InvalidVolumeNameError, VolumeInUseError, VolumeNotFoundError } from './errors.ts';
export type { CopySource } from './local/copy-up.ts';
export { openVolumeStore, type VolumeStoreOptions } from './local/local-volume-store.ts';
export type { VolumeInfo, VolumeStore } from './volume-store.ts';
