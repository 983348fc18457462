export type { Access, AccessRequest, Caller, Identity, RepositoryAction } from './access/access.ts';
export { type AccessSettings, readAccessSettings } from './access/access-settings.ts';
export {
  DeniedError,
  TokenRequestRefusedError,
  TooManySignInsError,
  UnauthorizedError,
} from './access/errors.ts';
export { openAccess } from './access/open-access.ts';
export { type OpenedAccess, openAccessFor } from './access/open-access-for.ts';
export { type NewRobot, type RobotInfo, RobotStore } from './access/robots/robot-store.ts';
export { tokenRoutes } from './access/tokens/token-routes.ts';
export { UserFile } from './access/users/user-file.ts';
export { type CacheSettings, readCacheSettings } from './cache/cache-settings.ts';
export { UpstreamUnavailableError } from './cache/errors.ts';
export { type ArrivingBlob, noPullThrough, type PullThrough } from './cache/pull-through.ts';
export { type PullThroughOptions, RegistryPullThrough } from './cache/registry-pull-through.ts';
export {
  type AuthorityInfo,
  CertificateAuthority,
  type IssuedCertificate,
  type IssueRequest,
} from './certificates/certificate-authority.ts';
export { AuthorityExistsError, AuthorityMissingError, CertificateError } from './certificates/errors.ts';
export { ServerCertificate } from './certificates/server-certificate.ts';
export { readTlsSettings, type TlsSettings } from './certificates/tls-settings.ts';
export {
  type AuditSettings,
  type MetricsSettings,
  readAuditSettings,
  readMetricsSettings,
  readWebhookSettings,
  type WebhookSettings,
} from './events/event-settings.ts';
export { metricsRoute } from './events/metrics/metrics-route.ts';
export { RegistryMetrics } from './events/metrics/registry-metrics.ts';
export { type OpenedEvents, openEvents } from './events/open-events.ts';
export {
  type EventSink,
  type NewRegistryEvent,
  noEvents,
  type RegistryAction,
  type RegistryEvent,
} from './events/registry-event.ts';
export type { CheckOptions, StorageProblem } from './fsck/check-storage.ts';
export type { CollectedGarbage } from './gc/garbage-collector.ts';
export type { RegistryExchange } from './http/registry-exchange.ts';
export type { RegistryServices } from './http/registry-services.ts';
export type { RegistryRoute } from './http/route.ts';
export { type OpenRegistry, type OpenRegistryOptions, openRegistry } from './open-registry.ts';
export { createRegistryServer, type RegistryServer, type RegistryServerOptions } from './registry-server.ts';
export { type ReplicationSettings, readReplicationSettings } from './replication/replication-settings.ts';
export { Replicator, type ReplicatorOptions } from './replication/replicator.ts';
export {
  type RetentionOptions,
  type RetentionResult,
  RetentionRunner,
} from './retention/retention-runner.ts';
export { type RetentionSettings, readRetentionSettings } from './retention/retention-settings.ts';
export { ConfiguredRules } from './rules/configured-rules.ts';
export { MediaTypeNotAllowedError, QuotaExceededError, TagImmutableError } from './rules/errors.ts';
export { type BlobWrite, type ManifestWrite, noRules, type PushRules } from './rules/push-rules.ts';
export { QuotaLedger } from './rules/quota-ledger.ts';
export { type RuleSettings, readRuleSettings } from './rules/rule-settings.ts';
export { RegistryFileError, RegistrySettingsError } from './settings/errors.ts';
export {
  type RegistryLogLevel,
  type RegistrySettings,
  readRegistrySettings,
  registryKeys,
} from './settings/registry-settings.ts';
export type { BlobChange, BlobContent, BlobMount, Blobs, LinkedBlob } from './storage/blobs.ts';
export type {
  ManifestChange,
  ManifestInfo,
  ManifestReference,
  ManifestRemoval,
  Manifests,
  NewManifest,
} from './storage/manifests.ts';
export { type OpenStorage, openStorage, type StorageOptions } from './storage/open-storage.ts';
export type { Referrers } from './storage/referrers.ts';
export type {
  ChangeOptions,
  ContentChange,
  ContentListener,
  Page,
  RegistryStorage,
} from './storage/registry-storage.ts';
export type { Repositories, RepositoryInfo } from './storage/repositories.ts';
export type { TagInfo, TagRemoval, Tags } from './storage/tags.ts';
export type { UploadInfo, UploadPiece, Uploads } from './storage/uploads.ts';
