export { openCopiedStore } from './copied-store.ts';
export {
  CorruptDocumentError,
  NewerStoreError,
  StoreBusyError,
  StoreDamagedError,
  StoreFailedError,
  StoreFullError,
} from './errors.ts';
export type {
  Collection,
  CollectionOptions,
  Lasting,
  MetadataStore,
  PageRequest,
  TransactionOptions,
} from './metadata-store.ts';
export { type MetadataStoreOptions, openMetadataStore } from './open-metadata-store.ts';
export type { DamageReport } from './sqlite/salvage.ts';
