import { EngineError } from '@gantry/base';

/** The other registry does not answer, or refuses us, and nothing is stored of what was asked for. */
export class UpstreamUnavailableError extends EngineError {
  override readonly name = 'UpstreamUnavailableError';
  constructor(registry: string, reason: string, cause?: unknown) {
    super('unavailable', 'upstream-unavailable', `${registry} cannot be asked now: ${reason}`, {
      details: { registry },
      cause,
    });
  }
}

/** The manifest names it, and the other registry does not have it (any more). */
export class UpstreamBlobGoneError extends EngineError {
  override readonly name = 'UpstreamBlobGoneError';
  constructor(repository: string, digest: string) {
    super('not-found', 'upstream-blob-gone', `the other registry has no ${digest} in ${repository}`, {
      details: { repository, digest },
    });
  }
}
