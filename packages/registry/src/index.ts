export type { Access, AccessRequest, Caller, Identity, RepositoryAction } from './access/access.ts';
export { DeniedError, TooManySignInsError, UnauthorizedError } from './access/errors.ts';
export { openAccess } from './access/open-access.ts';
export { type ArrivingBlob, noPullThrough, type PullThrough } from './cache/pull-through.ts';
export {
  type EventSink,
  type NewRegistryEvent,
  noEvents,
  type RegistryAction,
  type RegistryEvent,
} from './events/registry-event.ts';
export { MediaTypeNotAllowedError, QuotaExceededError, TagImmutableError } from './rules/errors.ts';
export { type BlobWrite, type ManifestWrite, noRules, type PushRules } from './rules/push-rules.ts';
