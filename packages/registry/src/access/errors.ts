import { EngineError } from '@gantry/base';

/** No credentials, or ones that are not taken. `challenge` is the value of the `WWW-Authenticate` header. */
export class UnauthorizedError extends EngineError {
  override readonly name = 'UnauthorizedError';
  readonly challenge: string;
  constructor(challenge: string, message: string) {
    super('unauthorized', 'registry-unauthorized', message);
    this.challenge = challenge;
  }
}

/** The caller is known, and may not. */
export class DeniedError extends EngineError {
  override readonly name = 'DeniedError';
  constructor(caller: string, repository: string, actions: readonly string[]) {
    super('forbidden', 'registry-denied', `${caller} may not ${actions.join(' and ')} in ${repository}`, {
      details: { caller, repository, actions },
    });
  }
}

/** Somebody guesses passwords, or a script has an old one. */
export class TooManySignInsError extends EngineError {
  override readonly name = 'TooManySignInsError';
  /** When it is worth trying again; for `Retry-After`. */
  readonly retryAfterMs: number;
  constructor(retryAfterMs: number) {
    super('unavailable', 'too-many-sign-ins', 'too many failed sign-ins; try again later', {
      details: { retryAfterMs },
    });
    this.retryAfterMs = retryAfterMs;
  }
}

/** A request for a token that OAuth2 has a word for (RFC 6749, 5.2; RFC 8707, 2). */
export class TokenRequestRefusedError extends EngineError {
  override readonly name = 'TokenRequestRefusedError';
  readonly oauthError: 'invalid_request' | 'unsupported_grant_type' | 'invalid_target';
  constructor(oauthError: TokenRequestRefusedError['oauthError'], message: string) {
    super('invalid', 'token-request-refused', message, { details: { oauthError } });
    this.oauthError = oauthError;
  }
}
