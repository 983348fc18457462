export {
  AccessDeniedError,
  BlobUnknownError,
  CredentialsRefusedError,
  DigestMismatchError,
  ForeignTokenServiceError,
  ManifestUnknownError,
  RangeIgnoredError,
  RegistryConfigurationError,
  RegistryRefusedError,
  RegistryUnreachableError,
  SearchUnsupportedError,
  TooManyRequestsError,
} from './errors.ts';
export { RegistryClient, type RegistryClientOptions, type RegistrySettings } from './registry-client.ts';
export type {
  BlobDescriptor,
  BlobOptions,
  ReferrersOptions,
  RegistryCredentials,
  RemoteDocument,
  RemoteRepository,
  TransferOptions,
  UploadOptions,
} from './remote-repository.ts';
export type { FoundRepository, SearchOptions } from './search/search-repositories.ts';
