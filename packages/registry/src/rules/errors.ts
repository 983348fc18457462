import { EngineError } from '@gantry/base';

/** A tag that a rule keeps as it is. */
export class TagImmutableError extends EngineError {
  override readonly name = 'TagImmutableError';
  constructor(repository: string, tag: string, pattern: string) {
    super(
      'conflict',
      'tag-immutable',
      `tag ${repository}:${tag} cannot be changed or removed: it is immutable by the rule "${pattern}"`,
      { details: { repository, tag, pattern } },
    );
  }
}

/** A manifest, or an artifact, of a type that the repository does not take. */
export class MediaTypeNotAllowedError extends EngineError {
  override readonly name = 'MediaTypeNotAllowedError';
  constructor(repository: string, mediaType: string) {
    super('forbidden', 'media-type-not-allowed', `repository ${repository} does not take ${mediaType}`, {
      details: { repository, mediaType },
    });
  }
}

/** No room under the quota; what the repositories share was counted once. */
export class QuotaExceededError extends EngineError {
  override readonly name = 'QuotaExceededError';
  constructor(quota: { pattern: string; limitBytes: number; usedBytes: number }, neededBytes: number) {
    const { pattern, limitBytes, usedBytes } = quota;
    super(
      'forbidden',
      'quota-exceeded',
      `the quota of ${limitBytes} bytes for "${pattern}" is used up: ${usedBytes} bytes are stored, ${neededBytes} more do not fit`,
      { details: { pattern, limitBytes, usedBytes, neededBytes } },
    );
  }
}
