import { EngineError } from '@gantry/base';

/** Nobody answers for the registry, or TLS fails. `url` is what was asked. */
export class RegistryUnreachableError extends EngineError {
  override readonly name = 'RegistryUnreachableError';
  constructor(url: string, reason: string, cause?: unknown) {
    super('unavailable', 'registry-unreachable', `Get "${url}": ${reason}`, { details: { url }, cause });
  }
}

/** The registry's answer is an error that has no class of its own, or breaks the protocol. */
export class RegistryRefusedError extends EngineError {
  override readonly name = 'RegistryRefusedError';
  constructor(url: string, status: number, reason: string) {
    super(status >= 500 ? 'unavailable' : 'internal', 'registry-refused', reason, {
      details: { url, status },
    });
  }
}

/** Docker's text, which clients look for. The registry does not say whether the repository exists. */
export class AccessDeniedError extends EngineError {
  override readonly name = 'AccessDeniedError';
  constructor(action: 'pull' | 'push', repository: string, reason: string) {
    super(
      action === 'pull' ? 'not-found' : 'unauthorized',
      'registry-access-denied',
      action === 'pull'
        ? `pull access denied for ${repository}, repository does not exist or may require 'docker login': ${reason}`
        : reason,
      { details: { repository } },
    );
  }
}

/** A user and password, or a token, that the registry does not take. */
export class CredentialsRefusedError extends EngineError {
  override readonly name = 'CredentialsRefusedError';
  constructor(url: string, message: string) {
    super('unauthorized', 'registry-credentials-refused', message, { details: { url } });
  }
}

/** The registry names a token service that does not belong to it; the credentials were not sent there. */
export class ForeignTokenServiceError extends EngineError {
  override readonly name = 'ForeignTokenServiceError';
  constructor(registry: string, realm: string) {
    super(
      'forbidden',
      'foreign-token-service',
      `registry ${registry} asks to send its credentials to ${realm}, which does not belong to it: not done. If you trust it, add its host to "trusted-token-services" in daemon.json`,
      { details: { registry, realm } },
    );
  }
}

export class ManifestUnknownError extends EngineError {
  override readonly name = 'ManifestUnknownError';
  constructor(reference: string, reason: string) {
    super(
      'not-found',
      'manifest-unknown',
      `manifest for ${reference} not found: manifest unknown: ${reason}`,
      {
        details: { reference },
      },
    );
  }
}

export class BlobUnknownError extends EngineError {
  override readonly name = 'BlobUnknownError';
  constructor(repository: string, digest: string) {
    super('not-found', 'blob-unknown', `blob ${digest} not found in ${repository}`, {
      details: { repository, digest },
    });
  }
}

/** A manifest that is not what its name or the answer's header says. */
export class DigestMismatchError extends EngineError {
  override readonly name = 'DigestMismatchError';
  constructor(reference: string, expected: string, actual: string) {
    super(
      'corrupt',
      'registry-digest-mismatch',
      `manifest of ${reference} verification failed: expected ${expected}, got ${actual}`,
      { details: { reference, expected, actual } },
    );
  }
}

/** A transfer cannot go on where it broke. */
export class RangeIgnoredError extends EngineError {
  override readonly name = 'RangeIgnoredError';
  constructor(url: string, offset: number) {
    super('unavailable', 'registry-range-ignored', `${url}: asked for bytes from ${offset}, got others`, {
      details: { url, offset },
    });
  }
}

/** The registry's limit of requests; after the tries that a `Retry-After` allowed. */
export class TooManyRequestsError extends EngineError {
  override readonly name = 'TooManyRequestsError';
  constructor(reason: string, retryAfterMs: number | undefined) {
    super('unavailable', 'registry-too-many-requests', `toomanyrequests: ${reason}`, {
      details: retryAfterMs === undefined ? {} : { retryAfterMs },
    });
  }
}

/** A configuration file for a registry that cannot be read. */
export class RegistryConfigurationError extends EngineError {
  override readonly name = 'RegistryConfigurationError';
  constructor(file: string, reason: string, cause?: unknown) {
    super('invalid', 'registry-configuration', `${file}: ${reason}`, { details: { file }, cause });
  }
}

/** A registry without Docker's search. The distribution API has none: most registries but Docker Hub. */
export class SearchUnsupportedError extends EngineError {
  override readonly name = 'SearchUnsupportedError';
  constructor(registry: string, answer: string) {
    super(
      'not-implemented',
      'registry-search-unsupported',
      `registry ${registry} cannot be searched: it does not have Docker's search API (GET /v1/search: ${answer})`,
      { details: { registry } },
    );
  }
}
